"""Check a data set on all cores and report its problems."""

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
        name: name of the split: ``train``, …; ``training`` for all frames of KITTI.
        found: number of left images.
        official: number of left images in the complete data set; None for embedded scenes.
        files: part → number of files that were checked.
        problems: part → number of problems in it; parts without problems are omitted.
    """

    name: str
    found: int
    official: int | None
    files: dict[str, int]
    problems: dict[str, int]


@dataclass(frozen=True)
class Report:
    """Result of checking a data set.

    Attributes:
        layout: name of the layout.
        root: folder of the data set.
        splits: splits that exist.
        problems: problems sorted by kind in the order of `KINDS`, then by split and frame.
        remarks: sentences on absent or excluded files that are no problem.
        checked: number of frames that were read.
        remembered: number of frames whose result came from an earlier check.
    """

    layout: str
    root: str
    splits: list[SplitReport]
    problems: list[Problem]
    remarks: list[str]
    checked: int
    remembered: int

    @property
    def is_valid(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def to_dict(self) -> dict:
        """Plain data for JSON."""
        return {"whole": self.is_valid, **asdict(self)}  # a key of earlier versions


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
        memory: file of results of earlier checks, see `data.verify.memory`; None uses no file.
        fresh: whether to discard the results in ``memory``.
        progress: function of (frames done, total number of frames), called at the start and after each frame.
        processes: number of processes, ≥ 1; None for one per core. Each needs less than 0.5 GB of memory.

    Returns:
        The report; damaged files are listed as problems and raise no exception.

    Raises:
        InputError: the data set does not exist, ``memory`` cannot be written, or the system killed a process.
    """
    root = Path(root).expanduser()
    listing = list_data_set(layout, root)
    frames = [frame for split in listing.splits for frame in split.frames]
    remembered = Memory(memory, fresh)
    with ThreadPoolExecutor(16) as pool:  # most of the time is spent waiting for the disk
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
    """Yield (position, result) of each frame as it is done, with few frames in flight.

    Processes are used instead of threads, because Pillow holds Python's global lock 8 % of the time.
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
    """Leave the handling of Ctrl-C to the parent process, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


Sizes = dict[tuple[str, str], tuple[int, int] | None]


def _check_sizes(
    layout: Layout, split: SplitListing, sizes: Sizes, problems: list[Problem], remarks: list[str]
) -> None:
    """Remark on images of unusual size; a problem if all images of the split must have the same size."""
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
