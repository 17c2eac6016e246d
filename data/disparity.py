"""Disparity: file formats, resizing, and conversion to depth.

A disparity is the horizontal shift, in pixels, between the left and the right view of a rectified pair.
Resizing an image changes its disparities, so every function here states the width to which pixels refer.
"""

import numpy as np


def decode_cityscapes(png: np.ndarray) -> np.ndarray:
    """Disparity of a Cityscapes ``disparity`` file (coding: README of cityscapesscripts).

    Args:
        png: uint16 ``[...]`` file values p.

    Returns:
        float32 ``[...]``, px at the file's own width: ``(p - 1) / 256`` for p > 0, NaN for p = 0 (no
        measurement). p = 1 is a measured disparity of 0, a point at infinity.

    Raises:
        ValueError: ``png`` is not uint16; reading the file with 8 bits gives plausible but wrong values.
    """
    return decode(png, 1)


def decode_kitti(png: np.ndarray) -> np.ndarray:
    """Disparity of a KITTI 2015 ``disp_occ_0`` or ``disp_noc_0`` file (coding: the benchmark's devkit).

    As `decode_cityscapes`, but ``p / 256``: no value is a point at infinity.
    """
    return decode(png, 0)


def decode(png: np.ndarray, zero: int) -> np.ndarray:
    """As `decode_cityscapes`; ``zero`` is the file value of a disparity of 0 px."""
    png = np.asarray(png)
    if png.dtype != np.uint16:
        raise ValueError(f"A disparity file holds uint16, got {png.dtype}: read it with all of its 16 bits.")
    return np.where(png > 0, (png.astype(np.float32) - zero) / 256, np.float32(np.nan))


def resize_nearest(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize by nearest neighbour with half-pixel centres, for labels and disparities.

    Output pixel i reads input pixel ``floor((i + 0.5) * input / output)``, as ``tf.image.resize`` and Pillow
    do; at exactly one half that is ``[1::2, 1::2]``. Integer arithmetic avoids rounding.

    Args:
        image: ``[H, W, ...]``, any dtype.
        size: (height, width) of the result, px.

    Returns:
        ``[height, width, ...]`` of the same dtype.
    """
    rows, columns = (
        (2 * np.arange(target) + 1) * source // (2 * target)
        for source, target in zip(image.shape[:2], size, strict=True)
    )
    return image[rows[:, None], columns]


def resize_disparity(disparity: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Disparity at another image size: nearest neighbour, then px of the new width.

    Args:
        disparity: float ``[H, W]``, px at width W, NaN where there is no measurement.
        size: (height, width) of the result, px.

    Returns:
        float32 ``[height, width]``, px at the new width: values are multiplied by ``width / W``.
    """
    ratio = np.float32(size[1] / disparity.shape[1])
    return resize_nearest(disparity, size).astype(np.float32) * ratio


def depth_from_disparity(disparity: np.ndarray, focal: float, baseline: float) -> np.ndarray:
    """Depth ``b * f / d`` (Section 3.1).

    Args:
        disparity: float ``[...]``, px.
        focal: focal length, px **at the width to which the disparity refers** (halve it with the width).
        baseline: distance of the two cameras, m.

    Returns:
        float32 ``[...]``, m; infinity for d <= 0, NaN where the disparity is NaN.
    """
    disparity = np.asarray(disparity, np.float32)
    depth = np.full_like(disparity, np.inf)
    np.divide(np.float32(focal * baseline), disparity, out=depth, where=~(disparity <= 0))
    return depth
