"""Detect swapped stereo views, or views of different exposures, from the measured disparity."""

import numpy as np

SWAPPED, SAME_EXPOSURE = 0.6, 1.2
"""Bounds on the ratio of `compare_views`: below the first, the views are swapped; between the two, the
disparity matches neither order of the views."""


def compare_views(left: np.ndarray, right: np.ndarray, disparity: np.ndarray) -> float | None:
    """Error of the measured disparity with swapped views, divided by its error with the views as given.

    The error is the mean absolute difference of ``left(x)`` and ``right(x - d)``, swapped of ``right(x)`` and
    ``left(x - d)``, on grey images with mean 0 and standard deviation 1, because the exposure of two cameras
    differs. Measured ratios: 3.2 to 5.7 on 30 real KITTI frames and 4.3 to 12 on embedded scenes; 0.18 to
    0.31 and 0.08 to 0.23 with swapped views; 0.84 to 1.44 (99 % below 1.2) with the right view of another
    frame of the same drives. With noise of 8 grey levels on both views, 2.1 and 1.5 remain; at a quarter of
    the contrast, noise of 2 grey levels has the same effect.

    Args:
        left, right: views, RGB uint8 ``[H, W, 3]``.
        disparity: disparity of the left view, float ``[H, W]``, px, NaN where there is no measurement.

    Returns:
        The ratio; None if fewer than 500 pixels have a disparity large enough to distinguish the views.
    """
    height, width = disparity.shape
    step = max(1, height // 256)  # a subset of the rows is enough
    disparity = disparity[::step]
    rows, columns = np.nonzero(disparity >= max(2, width / 256))  # False for NaN
    shifted = columns - np.rint(disparity[rows, columns]).astype(int)
    inside = shifted >= 0
    rows, columns, shifted = rows[inside], columns[inside], shifted[inside]
    if rows.size < 500:
        return None
    first, second = _normalized_gray(left[::step]), _normalized_gray(right[::step])
    given = np.abs(first[rows, columns] - second[rows, shifted]).mean()
    swapped = np.abs(second[rows, columns] - first[rows, shifted]).mean()
    return float(swapped / max(given, 1e-6))


def _normalized_gray(image: np.ndarray) -> np.ndarray:
    gray = image @ np.float32([0.299, 0.587, 0.114])
    return (gray - gray.mean()) / max(gray.std(), 1e-6)
