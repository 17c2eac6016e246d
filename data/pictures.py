"""Images in any format: not only the PNG files of the data sets."""

import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import is_clutter, read_bytes
from selfsup_segmentation.data.png import decoded

# File extensions of the images that a folder is searched for.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm")
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")  # 8 bits: Pillow would clip deeper ones
_MAX_BYTES = 2**30  # more than the largest image that Pillow decodes needs without any compression
# By EXIF orientation: how the stored pixels are turned upright.
_TURNS = dict(zip(range(2, 9), map(Image.Transpose, (0, 3, 1, 5, 4, 6, 2)), strict=True))


def read_picture(path: str | Path) -> np.ndarray:
    """Read an image in any format of Pillow, rotated as its EXIF data says.

    Defects of the metadata are ignored.

    Args:
        path: image of 8 bits per channel and at most ``PIL.Image.MAX_IMAGE_PIXELS``; grey becomes RGB,
            transparency is ignored.

    Returns:
        RGB uint8 ``[H, W, 3]``.

    Raises:
        InputError: the file is missing, damaged, no image, too large, or of more than 8 bits.
    """
    content = read_bytes(path, _MAX_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with decoded(content) as image:
                mode = image.mode
                if mode in _MODES:
                    return np.array(_upright(image).convert("RGB"))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        size, limit = str(error).split(" exceeds")[0], Image.MAX_IMAGE_PIXELS
        raise InputError(f"{path} is too large: {size}, of at most {limit}; scale it down.") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is no image, or its beginning is damaged; give another.") from error
    except Exception as error:  # Pillow reports damage in many ways, not all of them documented
        raise InputError(f"{path} is damaged or cut off ({error}); copy it again.") from error
    raise InputError(f"{path} is an image of more than 8 bits a channel ({mode}); convert it to 8 bits.")


def _upright(image):
    """An image as the camera was held. Pillow's own function rewrites all tags, and fails at odd ones."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # what is no EXIF data says nothing about the pixels
        return image
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


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
