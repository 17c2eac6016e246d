"""Read one file of a frame, or say in one sentence what is wrong with it.

Every image of both data sets is a PNG. Its 33-byte header tells size, bit depth and color type, so a wrong
kind of file is refused before a pixel is decoded, and `check_frames` can look at a whole data set in seconds.
"""

import json
import math
import struct
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data.errors import InputError
from data.frames import Frame
from data.labels import KNOWN_IDS

# (bit depth, color type) of a PNG: 0 is grey, 2 is RGB.
_RGB, _GRAY8, _GRAY16 = (8, 2), (8, 0), (16, 0)
_KIND_NAMES = {_RGB: "8-bit RGB", _GRAY8: "8-bit grey", _GRAY16: "16-bit grey"}
_COLOR_TYPES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}
_CONTENT = {"left": _RGB, "right": _RGB, "labels": _GRAY8, "instances": _GRAY16, "disparity": _GRAY16}
_IS_KNOWN_ID = np.isin(np.arange(256), list(KNOWN_IDS))
_RENEW = "copy or download it again"


@dataclass(frozen=True)
class Camera:
    """What turns disparity into depth.

    Attributes:
        focal: focal length, px at the native image width; it scales with the width.
        baseline: distance of the two cameras, m.
    """

    focal: float
    baseline: float


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    kind: tuple[int, int]


def read_rgb(path: str | Path) -> np.ndarray:
    """An image.

    Args:
        path: 8-bit RGB PNG.

    Returns:
        RGB uint8 ``[H, W, 3]``.

    Raises:
        InputError: the file is missing, damaged or of another kind.
    """
    return _read_pixels(path, _RGB, "an image")


def read_labels(path: str | Path) -> np.ndarray:
    """Label ids (not trainIds) of one frame.

    Args:
        path: 8-bit grey PNG, ``*_labelIds.png`` of Cityscapes or a file of KITTI's ``semantic``.

    Returns:
        uint8 ``[H, W]``, each value in `data.labels.KNOWN_IDS`.

    Raises:
        InputError: the file is missing, damaged or of another kind, or holds ids outside the label table.
    """
    labels = _read_pixels(path, _GRAY8, "a label file")
    if not _IS_KNOWN_ID[labels].all():
        unknown = np.unique(labels[~_IS_KNOWN_ID[labels]])
        listed = ", ".join(map(str, unknown[:8])) + (", …" if len(unknown) > 8 else "")
        raise InputError(
            f"{path} holds {listed}, which are no Cityscapes label ids (0..33 and 255): "
            "give the labelIds file, not colors or instances."
        )
    return labels


def read_disparity(path: str | Path) -> np.ndarray:
    """Coded disparity of one frame; `data.disparity` decodes it.

    Args:
        path: 16-bit grey PNG.

    Returns:
        uint16 ``[H, W]``, file values.

    Raises:
        InputError: the file is missing, damaged or of another kind; 8 bits are refused, not stretched.
    """
    return _read_pixels(path, _GRAY16, "a disparity file").astype(np.uint16)


def read_camera(path: str | Path) -> Camera:
    """Calibration of one Cityscapes frame.

    Args:
        path: ``*_camera.json``; ``intrinsic.fx`` in px at the native width, ``extrinsic.baseline`` in m.

    Returns:
        The camera.

    Raises:
        InputError: the file is missing, is no camera JSON, or holds impossible values.
    """
    text = _read_text(path)
    try:
        content = json.loads(text)
        camera = Camera(float(content["intrinsic"]["fx"]), float(content["extrinsic"]["baseline"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no Cityscapes camera JSON (intrinsic.fx and extrinsic.baseline are needed): {_RENEW}."
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
        InputError: the file is missing, lacks one of the lines, or holds impossible values.
    """
    lines = dict(line.split(":", 1) for line in _read_text(path).splitlines() if ":" in line)
    try:
        left, right = ([float(number) for number in lines[f"P_rect_{k}"].split()] for k in ("02", "03"))
        camera = Camera(left[0], (left[3] - right[3]) / left[0])
    except (KeyError, ValueError, IndexError, ZeroDivisionError) as error:
        raise InputError(
            f"{path} is no KITTI calib_cam_to_cam file (P_rect_02 and P_rect_03 are needed): {_RENEW}."
        ) from error
    return _require_plausible(camera, path)


def check_frames(frames: Iterable[Frame], threads: int = 16) -> None:
    """Compare the headers of all images of all frames, so that training does not stop in its second hour.

    Reads 33 bytes of each file. Calibrations are not opened.

    Args:
        frames: frames whose images must exist, be of the right kind and agree in size within the frame.
        threads: files opened at once; the time goes into waiting for the disk.

    Raises:
        InputError: the first file, in the order of `frames`, that is missing, no PNG, of the wrong kind, or
            of another size than the left image.
    """
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(_check_frame, frames):
            pass


def _check_frame(frame: Frame) -> None:
    size = None
    for content, kind in _CONTENT.items():
        path = getattr(frame, content)
        if path is None:
            continue
        header = _require_kind(path, kind, f"the {content} file of {frame.name}")
        size = size or (header.width, header.height)
        if (header.width, header.height) != size:
            raise InputError(
                f"{path} is {header.width}×{header.height} but {frame.left} is {size[0]}×{size[1]}: "
                "give files of the same size (both native, not resized)."
            )


def _read_pixels(path: str | Path, kind: tuple[int, int], what: str) -> np.ndarray:
    _require_kind(path, kind, what)
    try:
        with Image.open(path) as image:
            image.load()  # Pillow decodes lazily: without this a truncated file fails far from here
            return np.array(image)
    # Pillow reports damage as OSError, SyntaxError (chunks) or ValueError, and a monstrous size as its own.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is damaged or cut off: {_RENEW}.") from error


def _require_kind(path: str | Path, kind: tuple[int, int], what: str) -> _Header:
    header = _read_header(path)
    if header.kind != kind:
        depth, color_type = header.kind
        found = f"{depth}-bit {_COLOR_TYPES.get(color_type, 'unknown')}"
        raise InputError(
            f"{path} is a PNG of {found} where {what} is {_KIND_NAMES[kind]}: give the file as it came "
            "with the data set."
        )
    return header


def _read_header(path: str | Path) -> _Header:
    """Size and kind from the signature and the IHDR chunk, which the format requires to come first."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(33)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not head:
        raise InputError(f"{path} is empty: {_RENEW}.")
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        raise InputError(f"{path} is not a PNG file: give the file as it came with the data set.")
    if len(head) < 33 or head[12:16] != b"IHDR":
        raise InputError(f"{path} is damaged or cut off: {_RENEW}.")
    width, height, depth, color_type = struct.unpack(">IIBB", head[16:26])
    return _Header(width, height, (depth, color_type))


def _read_text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file: {_RENEW}.") from error


def _unreadable(path: str | Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path} is missing: unpack it from its archive again.")
    return InputError(f"{path} cannot be read ({error.strerror}): give a file that this user may read.")


def _require_plausible(camera: Camera, path: str | Path) -> Camera:
    if not all(math.isfinite(value) and value > 0 for value in (camera.focal, camera.baseline)):
        raise InputError(
            f"{path} gives focal length {camera.focal} px and baseline {camera.baseline} m, "
            f"which must be positive: {_RENEW}."
        )
    return camera
