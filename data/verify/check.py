"""Check a whole data set on all cores and put together what was found."""

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
from selfsup_segmentation.data.verify.frame import check_frame
from selfsup_segmentation.data.verify.listing import SplitListing, list_files
from selfsup_segmentation.data.verify.memory import Memory, fingerprint
from selfsup_segmentation.data.verify.problems import KINDS, FrameFiles, FrameResult, Problem

CITYSCAPES_SIZE = (2048, 1024)
KITTI_WIDTHS, KITTI_HEIGHTS = range(1224, 1243), range(370, 377)


@dataclass(frozen=True)
class SplitReport:
    """One split of a report.

    Attributes:
        name: ``train``, …; ``training`` for all frames of KITTI.
        found: left images that are there.
        official: how many the whole data set has; None for embedded scenes.
        files: part -> files that were checked.
        problems: part -> problems in it; parts without any are left out.
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
        layout, root: of the data set.
        splits: those that are there.
        problems: by kind, in the order of `KINDS`, then by split and frame.
        remarks: sentences on what need not be there, or is left out.
        checked, remembered: frames that were read now, and frames whose files had been read before.
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
    layout: str,
    root: str | Path,
    memory: Path | None = None,
    fresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
    processes: int | None = None,
) -> Report:
    """Check a data set.

    Args:
        layout: ``cityscapes`` or ``kitti``.
        root: its folder; ``~`` is expanded.
        memory: file in which results are remembered, see `data.verify.memory`; None for no such file.
        fresh: forget what it says.
        progress: called with (frames done, frames in all), once at the start and after each frame.
        processes: how many to read with; None for one per core. Half a gigabyte each is plenty.

    Returns:
        The report; a damaged file is a problem in it and never an exception.

    Raises:
        InputError: there is no such data set, ``memory`` cannot be written, or the system ended a process.
    """
    root = Path(root).expanduser()
    listing = list_files(layout, root)
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
        (_compare_sizes if layout == "cityscapes" else _remark_on_sizes)(split, sizes, problems, remarks)
    problems = sorted(dict.fromkeys(problems), key=lambda problem: KINDS.index(problem.kind))
    splits = [_report_split(split, problems) for split in listing.splits]
    return Report(layout, str(root), splits, problems, remarks, len(new), len(frames) - len(new))


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
                "the system ended a process of the check (out of memory?): the same command goes on."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


Sizes = dict[tuple[str, str], tuple[int, int] | None]


def _compare_sizes(split: SplitListing, sizes: Sizes, problems: list[Problem], remarks: list[str]) -> None:
    """All images of Cityscapes have one size: what differs from most of its split was tampered with."""
    counts = Counter(filter(None, (sizes[split.name, frame.name] for frame in split.frames)))
    if not counts:
        return
    usual = counts.most_common(1)[0][0]
    if split.official and usual != CITYSCAPES_SIZE:
        remarks.append(
            f"{split.name}: images are {_times(usual)}, not {_times(CITYSCAPES_SIZE)} as in the official "
            "data set."
        )
    for frame in split.frames:
        size = sizes[split.name, frame.name]
        if size not in (None, usual):
            file = frame.files["left"]
            sentence = (
                f"{frame.root / file} is {_times(size)}, other images are {_times(usual)}: download it again."
            )
            problems.append(Problem("size", split.name, "left", file, sentence))


def _remark_on_sizes(split: SplitListing, sizes: Sizes, problems: list[Problem], remarks: list[str]) -> None:
    """Images of KITTI differ in size, within bounds."""
    found = {frame.name: sizes[split.name, frame.name] for frame in split.frames}
    odd = {
        name: size
        for name, size in found.items()
        if size and not (size[0] in KITTI_WIDTHS and size[1] in KITTI_HEIGHTS)
    }
    if split.official and odd:
        name, size = next(iter(odd.items()))
        remarks.append(
            f"{split.name}: {len(odd)} images have none of KITTI's sizes, which are about 1242×375 "
            f"({name}: {_times(size)}, …)."
        )


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
