"""Check a data set on all cores and report what was found."""

import itertools
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layout import Layout
from selfsup_segmentation.data.verify.frame import check_frame
from selfsup_segmentation.data.verify.listing import SplitListing, list_data_set
from selfsup_segmentation.data.verify.memory import Memory, fingerprint
from selfsup_segmentation.data.verify.problems import KINDS, FrameFiles, FrameResult, Problem


@dataclass(frozen=True)
class SplitReport:
    """One split of a report.

    Attributes:
        name: ``train``, …; ``training`` for all frames of KITTI.
        found: number of left images.
        official: number of left images in the complete data set; None for embedded scenes.
        files: part → number of files that were checked.
        problems: part → number of problems in it; parts without any are left out.
    """

    name: str
    found: int
    official: int | None
    files: dict[str, int]
    problems: dict[str, int]


@dataclass(frozen=True)
class Report:
    """What a check of a data set found.

    Attributes:
        layout, root: name of the layout, and folder of the data set.
        splits: those that exist.
        problems: by kind, in the order of `KINDS`, then by split and frame.
        remarks: sentences on what is absent, or left out, and may be.
        checked, remembered: number of frames that were read now, and of those that had been read before.
    """

    layout: str
    root: str
    splits: list[SplitReport]
    problems: list[Problem]
    remarks: list[str]
    checked: int
    remembered: int

    @property
    def is_whole(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def to_dict(self) -> dict:
        """Plain data for JSON."""
        return {"whole": self.is_whole, **asdict(self)}


def verify(
    layout: Layout,
    root: str | Path,
    memory: Path | None = None,
    fresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
    processes: int | None = None,
) -> Report:
    """Check a data set.

    Args:
        layout: layout of the data set, see `data.layouts`.
        root: folder of the data set; ``~`` is expanded.
        memory: file in which results are remembered, see `data.verify.memory`; None for no such file.
        fresh: whether to forget the results in ``memory``.
        progress: called with (frames done, frames in all), once at the start and after each frame.
        processes: number of processes; None for one per core. Half a gigabyte each is plenty.

    Returns:
        The report; a damaged file is a problem in it and never an exception.

    Raises:
        InputError: there is no such data set, ``memory`` cannot be written, or the system ended a process.
    """
    root = Path(root).expanduser()
    listing = list_data_set(layout, root)
    frames = [frame for split in listing.splits for frame in split.frames]
    remembered = Memory(memory, fresh)
    with ThreadPoolExecutor(16) as pool:  # the time goes into waiting for the disk
        keys = list(pool.map(fingerprint, frames))
    results = [remembered.get(key) for key in keys]
    new = [index for index, result in enumerate(results) if result is None]
    progress = progress or (lambda done, total: None)
    progress(len(frames) - len(new), len(frames))
    checked = _check_all([frames[index] for index in new], processes)
    for done, (place, result) in enumerate(checked, start=len(frames) - len(new) + 1):
        results[new[place]] = result
        remembered.add(keys[new[place]], result)
        progress(done, len(frames))

    problems = listing.problems + [problem for result in results for problem in result.problems]
    remarks = list(listing.remarks)
    sizes = {(frame.split, frame.name): result.size for frame, result in zip(frames, results, strict=True)}
    for split in listing.splits:
        _check_sizes(layout, split, sizes, problems, remarks)
    problems = sorted(dict.fromkeys(problems), key=lambda problem: KINDS.index(problem.kind))
    splits = [_report_split(split, problems) for split in listing.splits]
    return Report(layout.name, str(root), splits, problems, remarks, len(new), len(frames) - len(new))


def _check_all(frames: list[FrameFiles], processes: int | None) -> Iterator[tuple[int, FrameResult]]:
    """(position, result) of each frame, as they get done; a few frames are in work at a time.

    Processes rather than threads: Pillow hands pixels over with Python's lock held, 8 % of the time.
    """
    processes = min(processes or os.cpu_count() or 1, len(frames))
    queue = enumerate(frames)
    if processes <= 1:
        yield from ((place, check_frame(frame)) for place, frame in queue)
        return
    # Spawn: a fork of a process that has loaded TensorFlow can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_ignore_interrupts) as pool:
        places = {}
        try:
            while True:
                for place, frame in itertools.islice(queue, 4 * processes - len(places)):
                    places[pool.submit(check_frame, frame)] = place
                if not places:
                    return
                for future in wait(places, return_when=FIRST_COMPLETED).done:
                    yield places.pop(future), future.result()
        except BrokenProcessPool as error:
            raise InputError(
                "the system ended a process of the check (out of memory?): the same command resumes it."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


Sizes = dict[tuple[str, str], tuple[int, int] | None]


def _check_sizes(
    layout: Layout, split: SplitListing, sizes: Sizes, problems: list[Problem], remarks: list[str]
) -> None:
    """Remark on images that are not of native size; where a split has one size, another is a problem."""
    found = [(frame, size) for frame in split.frames if (size := sizes[split.name, frame.name])]
    odd = [(f, size) for f, size in found if size[0] not in layout.widths or size[1] not in layout.heights]
    if split.official and odd:
        remarks.append(
            f"{split.name}: {len(odd)} images are not of {layout.title}'s native size, {layout.native_size} "
            f"({odd[0][0].name}: {_times(odd[0][1])}, …)."
        )
    usual = Counter(size for _, size in found).most_common(1)
    for frame, size in found if layout.has_one_size else ():
        if size != usual[0][0]:
            file, times = frame.files["left"], _times(usual[0][0])
            sentence = f"{frame.root / file} is {_times(size)}, other images are {times}: download it again."
            problems.append(Problem("size", split.name, "left", file, sentence))


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def _report_split(split: SplitListing, problems: list[Problem]) -> SplitReport:
    files: dict[str, set[str]] = {}
    for frame in split.frames:
        for part, file in frame.files.items():
            files.setdefault(part, set()).add(file)
    counts = Counter(problem.part for problem in problems if problem.split == split.name)
    return SplitReport(
        split.name,
        split.found,
        split.official,
        {part: len(paths) for part, paths in files.items()},
        dict(counts),
    )
