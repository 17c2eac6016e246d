"""Images in any format: not only the PNG files of the data sets."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from selfsup_segmentation.data.decode import read_rgb
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import FileError

# Of the files that a folder is searched for.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm")
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")  # 8 bits: Pillow would clip deeper ones


def read_picture(path: str | Path) -> np.ndarray:
    """An image in any format that Pillow reads, turned as its camera was held.

    Args:
        path: image of 8 bits a channel; grey becomes RGB, transparency is ignored.

    Returns:
        RGB uint8 ``[H, W, 3]``.

    Raises:
        InputError: the file is missing, damaged, no image, or of more than 8 bits.
    """
    try:
        return read_rgb(path)  # compares checksums, which Pillow leaves out
    except FileError as error:
        if error.kind != "wrong type":
            raise
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of an image that would take all memory
            with Image.open(path) as image:
                mode = image.mode
                if mode in _MODES:
                    return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except Exception as error:  # Pillow reports damage in many ways, not all of them documented
        raise InputError(
            f"{path} is no image, damaged or cut off; give another, or copy it again."
        ) from error
    raise InputError(f"{path} is an image of more than 8 bits a channel ({mode}); convert it to 8 bits.")


def find_pictures(path: Path) -> list[Path]:
    """All images below a folder, sorted, by the endings of their names.

    Raises:
        InputError: there is none.
    """
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    if not found:
        raise InputError(
            f"{path} has no image in it (what ends in {', '.join(ENDINGS)}); name another folder."
        )
    return found
