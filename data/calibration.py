"""Read the calibration that belongs to a frame: what turns disparity into depth."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfsup_segmentation.data.files import RENEW, FileError, read_bytes


@dataclass(frozen=True)
class Camera:
    """What turns disparity into depth.

    Attributes:
        focal: focal length, px at the native image width; it scales with the width.
        baseline: distance of the two cameras, m.
    """

    focal: float
    baseline: float


def read_camera(path: str | Path) -> Camera:
    """Calibration of one Cityscapes frame.

    Args:
        path: ``*_camera.json``; ``intrinsic.fx`` in px at the native width, ``extrinsic.baseline`` in m.

    Returns:
        The camera.

    Raises:
        FileError: the file is missing, is no camera JSON, or holds impossible values.
    """
    text = _read_text(path)
    try:
        content = json.loads(text)
        camera = Camera(float(content["intrinsic"]["fx"]), float(content["extrinsic"]["baseline"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise FileError(
            f"{path} is no Cityscapes camera JSON (it needs intrinsic.fx and extrinsic.baseline): {RENEW}.",
            "calibration",
        ) from error
    return _require_plausible(camera, path)


def read_kitti_calibration(path: str | Path) -> Camera:
    """Calibration of the color pair (cameras 2 and 3) of KITTI.

    A rectified projection ``P_rect_k`` holds f in its first entry and ``f * t_k`` in its fourth, where t_k is
    the camera's position along x; the baseline is the difference of the two positions.

    Args:
        path: ``calib_cam_to_cam`` text with lines ``P_rect_02`` and ``P_rect_03`` of 12 numbers.

    Returns:
        The camera; focal length in px at the native width, baseline in m.

    Raises:
        FileError: the file is missing, lacks one of the numbers, or holds impossible values.
    """
    lines = dict(line.split(":", 1) for line in _read_text(path).splitlines() if ":" in line)
    try:
        left, right = (np.array(lines[f"P_rect_{k}"].split(), float).reshape(3, 4) for k in ("02", "03"))
        camera = Camera(float(left[0, 0]), float(left[0, 3] - right[0, 3]) / float(left[0, 0]))
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise FileError(
            f"{path} is no KITTI calib_cam_to_cam file (P_rect_02 and P_rect_03 are needed): {RENEW}.",
            "calibration",
        ) from error
    return _require_plausible(camera, path)


def _read_text(path: str | Path) -> str:
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not a text file: {RENEW}.", "calibration") from error


def _require_plausible(camera: Camera, path: str | Path) -> Camera:
    if not all(math.isfinite(value) and value > 0 for value in (camera.focal, camera.baseline)):
        raise FileError(
            f"{path} gives focal length {camera.focal} px and baseline {camera.baseline} m, "
            f"which must be positive: {RENEW}.",
            "calibration",
        )
    return camera
