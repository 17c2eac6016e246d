"""Read one file of a frame, or say in one sentence what is wrong with it.

Every image of both data sets is a PNG. Its 33-byte header tells size, bit depth and color type, so a wrong
kind of file is refused before a pixel is decoded, and `check_frames` can look at a whole data set in seconds.
The checksums of a PNG are compared as well: Pillow leaves out those of the pixels, and some flipped bits
would otherwise become wrong pixels without a word.
"""

import io
import json
import math
import stat
import struct
import zlib
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
_MAX_PIXELS = 2**25  # 16 images of Cityscapes; a damaged or malicious header must not cost memory
_MAX_BYTES = 2**28  # more than _MAX_PIXELS need without any compression

KINDS = ("missing", "unreadable", "damaged", "wrong type", "label ids", "calibration")


class FileError(InputError):
    """A file of the data set cannot be used.

    Attributes:
        kind: one of `KINDS`.
    """

    def __init__(self, message: str, kind: str = "damaged"):
        super().__init__(message)
        self.kind = kind


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
        FileError: the file is missing, damaged or of another kind.
    """
    return _read_pixels(path, _RGB, "an image")


def read_labels(path: str | Path) -> np.ndarray:
    """Label ids (not trainIds) of one frame.

    Args:
        path: 8-bit grey PNG, ``*_labelIds.png`` of Cityscapes or a file of KITTI's ``semantic``.

    Returns:
        uint8 ``[H, W]``, each value in `data.labels.KNOWN_IDS`.

    Raises:
        FileError: the file is missing, damaged or of another kind, or holds ids outside the label table.
    """
    labels = _read_pixels(path, _GRAY8, "a label file")
    if not _IS_KNOWN_ID[labels].all():
        unknown = np.unique(labels[~_IS_KNOWN_ID[labels]])
        listed = ", ".join(map(str, unknown[:8])) + (", …" if len(unknown) > 8 else "")
        raise FileError(
            f"{path} holds {listed}, which are no Cityscapes label ids (0..33 and 255): "
            "give the labelIds file, not colors or instances.",
            "label ids",
        )
    return labels


def read_instances(path: str | Path) -> np.ndarray:
    """Instance ids of one Cityscapes frame.

    Args:
        path: 16-bit grey PNG, ``*_instanceIds.png``.

    Returns:
        uint16 ``[H, W]``: ``label id * 1000 + k`` for single things, else the label id.

    Raises:
        FileError: the file is missing, damaged or of another kind.
    """
    return _read_pixels(path, _GRAY16, "an instance file").astype(np.uint16)


def read_disparity(path: str | Path) -> np.ndarray:
    """Coded disparity of one frame; `data.disparity` decodes it.

    Args:
        path: 16-bit grey PNG.

    Returns:
        uint16 ``[H, W]``, file values.

    Raises:
        FileError: the file is missing, damaged or of another kind; 8 bits are refused, not stretched.
    """
    return _read_pixels(path, _GRAY16, "a disparity file").astype(np.uint16)


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
            f"{path} is no Cityscapes camera JSON (it needs intrinsic.fx and extrinsic.baseline): {_RENEW}.",
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
            f"{path} is no KITTI calib_cam_to_cam file (P_rect_02 and P_rect_03 are needed): {_RENEW}.",
            "calibration",
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
    content = _read_bytes(path, _MAX_BYTES)
    if not _has_all_chunks(content):
        raise FileError(f"{path} is damaged or cut off: {_RENEW}.")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.load()  # Pillow decodes lazily: without this a broken file fails far from here
            return np.array(image)
    except Exception as error:  # Pillow reports damage in many ways, not all of them documented
        raise FileError(f"{path} is damaged or cut off: {_RENEW}.") from error


def _has_all_chunks(content: bytes) -> bool:
    """Whether every chunk of a PNG up to the last one is there and fits its checksum."""
    position, view = 8, memoryview(content)
    while position + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        end = position + 8 + length
        if end + 4 > len(content) or zlib.crc32(view[position + 4 : end]) != _uint32(content, end):
            return False
        if name == b"IEND":
            return True
        position = end + 4
    return False


def _uint32(content: bytes, position: int) -> int:
    return int.from_bytes(content[position : position + 4], "big")


def _require_kind(path: str | Path, kind: tuple[int, int], what: str) -> _Header:
    header = _read_header(path)
    if header.kind != kind:
        depth, color_type = header.kind
        found = f"{depth}-bit {_COLOR_TYPES.get(color_type, 'unknown')}"
        raise FileError(
            f"{path} is a PNG of {found} where {what} is {_KIND_NAMES[kind]}: give the file as it came "
            "with the data set.",
            "wrong type",
        )
    return header


def _read_header(path: str | Path) -> _Header:
    """Size and kind from the signature and the IHDR chunk, which the format requires to come first."""
    head = _read_bytes(path, 33)
    if not head:
        raise FileError(f"{path} is empty: {_RENEW}.")
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        raise FileError(
            f"{path} is not a PNG file: give the file as it came with the data set.", "wrong type"
        )
    if len(head) < 33 or head[12:16] != b"IHDR":
        raise FileError(f"{path} is damaged or cut off: {_RENEW}.")
    width, height, depth, color_type = struct.unpack(">IIBB", head[16:26])
    if not 0 < width * height <= _MAX_PIXELS:
        raise FileError(f"{path} claims to be {width}×{height}, which no image of a camera is: {_RENEW}.")
    return _Header(width, height, (depth, color_type))


def _read_text(path: str | Path) -> str:
    try:
        return _read_bytes(path, _MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not a text file: {_RENEW}.", "calibration") from error


def _read_bytes(path: str | Path, count: int) -> bytes:
    """At most ``count`` bytes from the beginning of a file."""
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # to open a pipe would mean to wait for ever
            raise FileError(f"{path} cannot be read (it is no file): {_RENEW}.", "unreadable")
        with path.open("rb") as file:
            return file.read(min(count, status.st_size))
    except FileNotFoundError as error:
        raise FileError(f"{path} is missing: unpack it from its archive again.", "missing") from error
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({error.strerror}): give a file that this user may read.", "unreadable"
        ) from error


def _require_plausible(camera: Camera, path: str | Path) -> Camera:
    if not all(math.isfinite(value) and value > 0 for value in (camera.focal, camera.baseline)):
        raise FileError(
            f"{path} gives focal length {camera.focal} px and baseline {camera.baseline} m, "
            f"which must be positive: {_RENEW}.",
            "calibration",
        )
    return camera
