"""Images in any format: not only the PNG files of the data sets."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from selfsup_segmentation.data.decode import read_rgb
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import FileError, is_clutter

# File extensions of the images that a folder is searched for.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm")
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")  # 8 bits: Pillow would clip deeper ones


def read_picture(path: str | Path) -> np.ndarray:
    """Read an image in any format of Pillow, rotated as its EXIF data says.

    Args:
        path: image of 8 bits per channel; grey becomes RGB, transparency is ignored.

    Returns:
        RGB uint8 ``[H, W, 3]``.

    Raises:
        InputError: the file is missing, damaged, no image, or of more than 8 bits.
    """
    try:
        return read_rgb(path)  # verifies checksums, unlike Pillow
    except FileError as error:
        if error.kind != "wrong type":
            raise
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of images that need too much memory
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
    """Find all images below a folder by their file extensions, sorted; `data.files.is_clutter` is left out.

    Raises:
        InputError: there is no image.
    """
    files = (file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    images = sorted(file for file in files if not any(map(is_clutter, file.relative_to(path).parts)))
    if not images:
        raise InputError(f"{path} contains no image ({', '.join(ENDINGS)}); name another folder.")
    return images
