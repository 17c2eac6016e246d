"""The images that comparisons work on: embedded street scenes, rendered once."""

from pathlib import Path

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments.datasets.source import Source


def scenes(folder: Path, size: tuple[int, int], train: int, val: int) -> Source:
    """A data set in the layout of Cityscapes; what is there already is kept.

    Args:
        folder: where it is made.
        size: (width, height) in px of its images.
        train, val: frames.
    """
    root = folder / f"scenes-{size[0]}x{size[1]}"
    write_cityscapes(root, {"train": train, "val": val}, size=size, seed=0)
    return Source(CITYSCAPES, root)


def native(size: tuple[int, int]) -> tuple[int, int]:
    """Size of the images of a data set whose network sees ``size``: as on Cityscapes, twice that."""
    return 2 * size[0], 2 * size[1]


def plain_frames(source: Source, split: str) -> list[dict[str, str]]:
    """Frames as plain data: ``name``, and the paths ``left``, ``right``, ``labels``."""
    parts = ("left", "right", "labels")
    return [
        {"name": frame.name} | {part: str(getattr(frame, part)) for part in parts}
        for frame in source.frames(split, parts[1:])
    ]
