"""A frame: the files that belong to one exposure of the stereo rig."""

from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Frame:
    """Files of one exposure; files that a run does not need (or a split does not have) are None.

    Attributes:
        name: identifier inside the data set, e.g. ``aachen_000000_000019`` or ``000007_10``.
        left: left image, RGB uint8 PNG.
        right: right image of the rectified pair, same size.
        labels: Cityscapes label **ids** (not trainIds), uint8 PNG, same size.
        instances: instance ids, uint16 PNG (Cityscapes: ``id * 1000 + k`` for things).
        disparity: coded disparity, uint16 PNG; the coding depends on the data set (`data.disparity`).
        camera: calibration, a camera JSON of Cityscapes or a ``calib_cam_to_cam`` text of KITTI.
    """

    name: str
    left: Path
    right: Path | None = None
    labels: Path | None = None
    instances: Path | None = None
    disparity: Path | None = None
    camera: Path | None = None


PARTS = tuple(field.name for field in fields(Frame))[1:]
"""Attributes of a `Frame` that are files."""
