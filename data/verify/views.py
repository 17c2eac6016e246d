"""Are the two views of one exposure, and is the left one left? The measured disparity tells."""

import numpy as np

SWAPPED, SAME_EXPOSURE = 0.6, 1.2
"""Bounds on the ratio of `compare_views`: under the first the views are exchanged, and between the two the
disparity explains neither view from the other."""


def compare_views(left: np.ndarray, right: np.ndarray, disparity: np.ndarray) -> float | None:
    """How much better the measured disparity explains the views as they are than exchanged.

    Mean absolute difference of ``right(x)`` and ``left(x - d)``, divided by that of ``left(x)`` and
    ``right(x - d)``; grey, each view with mean 0 and deviation 1, because two cameras seldom agree in
    exposure. On 30 real KITTI frames it is 3.2 to 5.7, on embedded scenes 4.3 to 12; exchanged 0.18 to 0.31
    and 0.08 to 0.23; with the right view of another frame of the same drives 0.84 to 1.44 (99 % under 1.2).
    Noise of 8 grey levels on both views leaves 2.1 and 1.5, at a quarter of the contrast noise of 2.

    Args:
        left, right: RGB uint8 ``[H, W, 3]``.
        disparity: float ``[H, W]``, px, NaN where there is no measurement.

    Returns:
        The ratio; None where fewer than 500 pixels have a disparity by which the views can be told apart.
    """
    height, width = disparity.shape
    step = max(1, height // 256)  # every row tells the same
    disparity = disparity[::step]
    rows, columns = np.nonzero(disparity >= max(2, width / 256))  # False for NaN
    shifted = columns - np.rint(disparity[rows, columns]).astype(int)
    inside = shifted >= 0
    rows, columns, shifted = rows[inside], columns[inside], shifted[inside]
    if rows.size < 500:
        return None
    first, second = _normalized_gray(left[::step]), _normalized_gray(right[::step])
    as_they_are = np.abs(first[rows, columns] - second[rows, shifted]).mean()
    exchanged = np.abs(second[rows, columns] - first[rows, shifted]).mean()
    return float(exchanged / max(as_they_are, 1e-6))


def _normalized_gray(image: np.ndarray) -> np.ndarray:
    gray = image @ np.float32([0.299, 0.587, 0.114])
    return (gray - gray.mean()) / max(gray.std(), 1e-6)
