"""Read a PNG of a known kind, or refuse it in one sentence.

Every image of both data sets is a PNG. Its 33-byte header has size, bit depth and color type, so a wrong
kind of file is refused before pixels are decoded.
"""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from selfsup_segmentation.data.files import RENEW, FileError, read_bytes

Kind = tuple[int, int]
"""(bit depth, color type) of a PNG: 0 is grey, 2 is RGB."""

RGB, GRAY8, GRAY16 = (8, 2), (8, 0), (16, 0)
_KIND_NAMES = {RGB: "8-bit RGB", GRAY8: "8-bit grey", GRAY16: "16-bit grey"}
_COLOR_TYPES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 33
_MAX_PIXELS = 2**25  # 16 images of Cityscapes; a damaged or malicious header must not cost memory


def read_pixels(path: str | Path, kind: Kind, what: str) -> np.ndarray:
    """Decode a PNG.

    Args:
        path: PNG file.
        kind: required (bit depth, color type).
        what: name of such files, with its article, for the message that refuses another kind.

    Returns:
        ``[H, W]``, or ``[H, W, 3]`` for RGB, as Pillow decodes it.

    Raises:
        FileError: the file is missing, damaged or of another kind.
    """
    content = read_bytes(path)
    _parse_header(content[:_HEADER_BYTES], path, kind, what)
    try:
        with decoded(content, formats=["PNG"]) as image:
            return np.array(image)
    except Exception as error:  # Pillow reports damage in many ways, not all of them documented
        raise FileError(f"{path} is damaged or cut off: {RENEW}.") from error


@contextlib.contextmanager
def decoded(content: bytes, formats: list[str] | None = None):
    """Decode a file as a ``PIL.Image``, once all checksums of a PNG are verified.

    Pillow skips those of the pixels, and flipped bits could silently become wrong pixels.

    Args:
        content: bytes of the file.
        formats: names of the formats that are tried; None for all of Pillow.
    """
    if content.startswith(_SIGNATURE) and not _has_all_chunks(content):
        raise OSError("a checksum differs, or the end is missing")
    with Image.open(io.BytesIO(content), formats=formats) as image:
        image.load()  # Pillow decodes lazily; errors should be raised here
        yield image


def read_size(path: str | Path, kind: Kind, what: str) -> tuple[int, int]:
    """(width, height) of a PNG, px; arguments and errors as for `read_pixels`, but no pixel is read."""
    return _parse_header(read_bytes(path, _HEADER_BYTES), path, kind, what)


def _has_all_chunks(content: bytes) -> bool:
    """Whether every chunk of a PNG up to the last one exists and fits its checksum."""
    position, view = 8, memoryview(content)
    while position + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        end = position + 8 + length
        checksum = zlib.crc32(view[position + 4 : end]).to_bytes(4, "big")
        if content[end : end + 4] != checksum:
            return False
        if name == b"IEND":
            return True
        position = end + 4
    return False


def _parse_header(head: bytes, path: str | Path, kind: Kind, what: str) -> tuple[int, int]:
    """(width, height) from the signature and the IHDR chunk, which the format requires to come first."""
    if not head:
        raise FileError(f"{path} is empty: {RENEW}.")
    give = "give the file as it came with the data set."
    if head[:8] != _SIGNATURE:
        raise FileError(f"{path} is not a PNG file: {give}", "wrong type")
    if len(head) < _HEADER_BYTES or head[12:16] != b"IHDR":
        raise FileError(f"{path} is damaged or cut off: {RENEW}.")
    width, height, depth, color_type = struct.unpack(">IIBB", head[16:26])
    if not 0 < width * height <= _MAX_PIXELS:
        raise FileError(f"{path} claims to be {width}×{height}, which no image of a camera is: {RENEW}.")
    if (depth, color_type) != kind:
        found = f"{depth}-bit {_COLOR_TYPES.get(color_type, 'unknown')}"
        raise FileError(
            f"{path} is a PNG of {found} where {what} is {_KIND_NAMES[kind]}: {give}", "wrong type"
        )
    return width, height
