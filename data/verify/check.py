"""Check a data set on all cores."""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from selfsup_segmentation.data.decode import NO_ROAD, read_labels
from selfsup_segmentation.data.labels import ids_to_train_ids, lack_road
from selfsup_segmentation.data.layout import Layout
from selfsup_segmentation.data.verify.frame import check_frame
from selfsup_segmentation.data.verify.listing import list_data_set
from selfsup_segmentation.data.verify.memory import Memory, fingerprint
from selfsup_segmentation.data.verify.report import KINDS, FrameFiles, FrameResult, Report, SplitReport
from selfsup_segmentation.data.workers import worker_pool


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
        layout: layout of the data set, see `data.layouts`; one of your own belongs to a module, not a script.
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
    report, frames = list_data_set(layout, root)
    remembered = Memory(memory, fresh)
    with ThreadPoolExecutor(16) as pool:  # most of the time is spent waiting for the disk
        keys = list(pool.map(fingerprint, frames))
    results = [remembered.known.get(key) for key in keys]
    new = [index for index, result in enumerate(results) if result is None]
    report.checked, report.remembered = len(new), len(frames) - len(new)
    progress = progress or (lambda done, total: None)
    progress(report.remembered, len(frames))
    checked = _check_all([frames[index] for index in new], processes)
    for done, (place, result) in enumerate(checked, start=report.remembered + 1):
        results[new[place]] = result
        remembered.add(keys[new[place]], result)
        progress(done, len(frames))

    report.problems += [problem for result in results for problem in result.problems]
    sizes = [(frame, result.size) for frame, result in zip(frames, results, strict=True) if result.size]
    for split in report.splits:
        _check_sizes(layout, split, [pair for pair in sizes if pair[0].split == split.name], report)
        _check_road(split, frames, report)
    report.problems = sorted(dict.fromkeys(report.problems), key=lambda problem: KINDS.index(problem.kind))
    for split in report.splits:
        split.problems = dict(Counter(p.part for p in report.problems if p.split == split.name))
    return report


def _check_all(frames: list[FrameFiles], processes: int | None) -> Iterator[tuple[int, FrameResult]]:
    """Yield (position, result) of each frame as it is done, with few frames in flight.

    Processes are used instead of threads, because Pillow holds Python's global lock 8 % of the time.
    """
    processes = min(processes or os.cpu_count() or 1, len(frames))
    queue = enumerate(frames)
    if processes <= 1:
        yield from ((place, check_frame(frame)) for place, frame in queue)
        return
    with worker_pool(processes) as pool:
        places = {}
        while True:
            for place, frame in itertools.islice(queue, 4 * processes - len(places)):
                places[pool.submit(check_frame, frame)] = place
            if not places:
                return
            for future in wait(places, return_when=FIRST_COMPLETED).done:
                yield places.pop(future), future.result()


def _check_sizes(
    layout: Layout, split: SplitReport, sizes: list[tuple[FrameFiles, tuple[int, int]]], report: Report
) -> None:
    """Remark on images of unusual size; a problem if all images of the split must have the same size."""
    odd = [(f, size) for f, size in sizes if size[0] not in layout.widths or size[1] not in layout.heights]
    if split.official and odd:
        report.remarks.append(
            f"{split.name}: {len(odd)} images are not of {layout.title}'s native size, {layout.native_size} "
            f"({odd[0][0].name}: {_times(odd[0][1])}, …)."
        )
    if layout.has_one_size and sizes:
        usual = Counter(size for _, size in sizes).most_common(1)[0][0]
        report.problems += [
            frame.problem(
                "size", "left", f"is {_times(size)}, other images are {_times(usual)}: download it again."
            )
            for frame, size in sizes
            if size != usual
        ]


def _check_road(split: SplitReport, frames: list[FrameFiles], report: Report) -> None:
    """A problem if the valid labels of a split show no road; few files are opened if they do."""
    faulty = {problem.file for problem in report.problems if problem.part == "labels"}
    labeled = [frame for frame in frames if frame.split == split.name and "labels" in frame.files]
    labeled = [frame for frame in labeled if frame.files["labels"] not in faulty]
    if lack_road(ids_to_train_ids(read_labels(frame.path("labels"))) for frame in labeled):
        report.problems.append(labeled[0].problem("label ids", "labels", NO_ROAD))


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
