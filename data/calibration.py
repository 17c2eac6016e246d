"""Read the calibration of a frame, which converts disparity to depth."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfsup_segmentation.data.files import RENEW, FileError, read_bytes


@dataclass(frozen=True)
class Camera:
    """Calibration of a stereo pair, which converts disparity to depth.

    Attributes:
        focal: focal length, px at the native image width; it scales with the width.
        baseline: distance of the two cameras, m.
    """

    focal: float
    baseline: float


def read_camera(path: str | Path) -> Camera:
    """Camera of one Cityscapes frame.

    Args:
        path: ``*_camera.json``; ``intrinsic.fx`` in px at the native width, ``extrinsic.baseline`` in m.

    Raises:
        FileError: the file is missing, is no camera JSON, or holds impossible values.
    """
    return _read(path, _parse_json, "Cityscapes camera JSON (it needs intrinsic.fx and extrinsic.baseline)")


def read_kitti_calibration(path: str | Path) -> Camera:
    """Camera of the color pair (cameras 2 and 3) of KITTI.

    A rectified projection ``P_rect_k`` holds f in its first entry and ``f * t_k`` in its fourth, where t_k is
    the camera's position along x; the baseline is the difference of the two positions.

    Args:
        path: ``calib_cam_to_cam`` text with lines ``P_rect_02`` and ``P_rect_03`` of 12 numbers.

    Raises:
        FileError: the file is missing, lacks one of the numbers, or holds impossible values.
    """
    return _read(path, _parse_kitti, "KITTI calib_cam_to_cam file (P_rect_02 and P_rect_03 are needed)")


def _parse_json(text: str) -> Camera:
    content = json.loads(text)
    return Camera(float(content["intrinsic"]["fx"]), float(content["extrinsic"]["baseline"]))


def _parse_kitti(text: str) -> Camera:
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    left, right = ([float(number) for number in lines[f"P_rect_{k}"].split()] for k in ("02", "03"))
    if not len(left) == len(right) == 12:
        raise ValueError("a projection has 12 numbers")
    return Camera(left[0], (left[3] - right[3]) / left[0])


def _read(path: str | Path, parse: Callable[[str], Camera], kind: str) -> Camera:
    content = read_bytes(path)
    try:
        camera = parse(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not a text file: {RENEW}.", "calibration") from error
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise FileError(f"{path} is no {kind}: {RENEW}.", "calibration") from error
    if not all(math.isfinite(value) and value > 0 for value in (camera.focal, camera.baseline)):
        raise FileError(
            f"{path} gives focal length {camera.focal} px and baseline {camera.baseline} m, "
            f"which must be positive: {RENEW}.",
            "calibration",
        )
    return camera
