"""Write street scenes as files, in parallel, so that an interrupted call can simply be repeated."""

import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.scenes.layouts import CITIES, CITYSCAPES, KITTI, Layout
from selfsup_segmentation.data.scenes.render import check_arguments, render_scene
from selfsup_segmentation.data.workers import worker_pool

GENERATOR_VERSION = 1  # raise it whenever the same arguments give other pixels
MARKER = "scenes.json"
UNFINISHED = "scenes.incomplete.json"  # the same, while frames are still missing

Progress = Callable[[int, int], None]


def write_cityscapes(
    root: str | Path,
    counts: dict[str, int],
    size: tuple[int, int] = (384, 192),
    seed: int = 0,
    processes: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write scenes in the layout of Cityscapes.

    Train and val get both views, ``gtFine`` (label ids, instance ids, colours), disparity and camera;
    train_extra the same without labels; test the views alone. Frames that are complete are kept, so a
    larger count adds frames, and ``scenes.json`` is written when all are there.

    Args:
        root: folder of the data set; made if missing.
        counts: split (train, val, test, train_extra) -> number of frames, >= 1.
        size: (width, height) in px, even numbers, at least 64 × 32.
        seed: of the data set, >= 0.
        processes: how many to render with; None for one per core.
        progress: called with (frames done, frames in all), once at the start and after each frame.

    Raises:
        InputError: an argument out of range, or ``root`` holds something else.
    """
    for split in counts:
        if split not in CITIES:
            raise InputError(f"Cityscapes has no split {split!r}; choose from {', '.join(CITIES)}.")
    if size[0] % 2 or size[1] % 2:
        raise InputError(f"Scene size {size[0]}x{size[1]} cannot be halved; give even numbers.")
    _write(Path(root), CITYSCAPES, counts, size, seed, processes, progress)


def write_kitti(
    root: str | Path,
    count: int,
    size: tuple[int, int] = (1242, 375),
    seed: int = 0,
    processes: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write scenes in the layout of KITTI 2015: ``training`` of data_scene_flow and data_semantics.

    The frames are independent of each other; the real ones are neighbours in drives.

    Args:
        root: folder of the data set; made if missing.
        count: number of frames, >= 1.
        size: (width, height) in px, at least 64 × 32.
        seed, processes, progress: as for `write_cityscapes`.

    Raises:
        InputError: an argument out of range, or ``root`` holds something else.
    """
    _write(Path(root), KITTI, {"training": count}, size, seed, processes, progress)


@dataclass(frozen=True)
class _Job:
    """One frame that is still to be written."""

    root: Path
    layout: str
    split: str
    index: int
    size: tuple[int, int]
    seed: int


def _write(root: Path, layout: Layout, counts, size, seed, processes, progress) -> None:
    size = tuple(int(side) for side in size)
    check_arguments(seed, size)
    if not counts or min(counts.values()) < 1:
        raise InputError("There are no scenes to write; give each split a count of 1 or more.")
    if processes is not None and processes < 1:
        raise InputError(f"{processes} processes cannot render anything; give 1 or more.")
    marker = _claim(root, layout, counts, size, seed)
    frames = [(split, index) for split, count in counts.items() for index in range(count)]
    jobs = [
        _Job(root, layout.name, split, index, size, seed)
        for split, index in frames
        if not all((root / name).is_file() for name in layout.files(split, index))
    ]
    done = len(frames) - len(jobs)
    if progress is not None:
        progress(done, len(frames))
    for _ in _run(jobs, processes or os.cpu_count() or 1):
        done += 1
        if progress is not None:
            progress(done, len(frames))
    _store(root / MARKER, marker)
    (root / UNFINISHED).unlink(missing_ok=True)


def _claim(root: Path, layout: Layout, counts, size, seed) -> bytes:
    """Make sure that ``root`` is ours to write to; return what its marker will say.

    The description is stored before the first frame, so that a call with other arguments is refused even
    after an interruption.
    """
    wanted = {
        "generator": "selfsup_segmentation.data.scenes",
        "version": GENERATOR_VERSION,
        "layout": layout.name,
        "seed": seed,
        "size": list(size),
    }
    found = {name: _read_marker(root / name) for name in (MARKER, UNFINISHED) if (root / name).is_file()}
    for marker in found.values():
        for key, value in wanted.items():
            if marker.get(key) != value:
                raise InputError(
                    f"{root} holds street scenes with {key} {marker.get(key)}, not {value}; "
                    "name another folder or remove this one."
                )
    if not found and any((root / folder).exists() for folder in layout.folders):
        raise InputError(f"{root} holds a data set that is not street scenes; name another folder.")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{root} cannot be made a folder ({error.strerror}); name another one.") from error
    known = found.get(MARKER, {}).get("counts", {})
    total = {split: max(known.get(split, 0), counts.get(split, 0)) for split in {**known, **counts}}
    content = (json.dumps({**wanted, "counts": total}, indent=2) + "\n").encode()
    _store(root / UNFINISHED, content)
    return content


def _read_marker(path: Path) -> dict:
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise InputError(f"{path} is damaged; remove {path.parent} and write the scenes anew.") from error


def _run(jobs: list[_Job], processes: int) -> Iterator[None]:
    """Write the frames, yielding after each."""
    processes = min(processes, len(jobs))
    if processes <= 1:
        for job in jobs:
            yield _write_frame(job)
        return
    with worker_pool(processes) as pool:
        for future in as_completed([pool.submit(_write_frame, job) for job in jobs]):
            yield future.result()


def _write_frame(job: _Job) -> None:
    """Render one frame and store what is missing of it."""
    layout = {"cityscapes": CITYSCAPES, "kitti": KITTI}[job.layout]
    scene = render_scene(job.seed, job.split, job.index, job.size, layout.rig)
    rig = layout.rig.scaled(job.size)
    for name, contents in layout.files(job.split, job.index).items():
        path = job.root / name
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            _store(path, _encode(contents(scene, rig)))


def _encode(contents: np.ndarray | str) -> bytes:
    """A text as it is, an image as PNG with the depth of its dtype."""
    if isinstance(contents, str):
        return contents.encode()
    stream = io.BytesIO()
    Image.fromarray(contents).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _store(path: Path, content: bytes) -> None:
    """Write under a temporary name and rename: a file with its real name is complete."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)
