"""Metrics of the tables: mean intersection over union, and errors of disparity.

NumPy only and float64 inside: a metric of a million pixels in float32 loses the digits that tables compare.
"""

import numpy as np

from selfsup_segmentation.data.labels import IGNORE


class MeanIoU:
    """Mean intersection over union over a set of images, as Cityscapes' evaluation computes it.

    One confusion matrix is accumulated over all images; the IoU of a class is ``TP / (TP + FP + FN)``, and
    the mean leaves out classes that occur neither in the ground truth nor in the predictions. Averaging
    per-image values instead would give another number.

    Args:
        num_classes: 19 for segmentation, 36 for color.
    """

    def __init__(self, num_classes: int):
        if not 0 < num_classes <= IGNORE:
            raise ValueError(f"num_classes lies in 1..{IGNORE}, got {num_classes}.")
        self.num_classes = num_classes
        self.reset_state()

    @property
    def confusion(self) -> np.ndarray:
        """Pixels, int64 ``[num_classes, num_classes]``; rows are ground truth, columns predictions."""
        return self._confusion.copy()

    def reset_state(self) -> None:
        """Forget all images."""
        self._confusion = np.zeros((self.num_classes, self.num_classes), np.int64)

    def update_state(self, y_true, y_pred) -> None:
        """Add pixels.

        Args:
            y_true: integers of any shape, classes ``0..num_classes - 1`` or 255 (ignored).
            y_pred: integers of the same shape, classes ``0..num_classes - 1``.

        Raises:
            ValueError: shapes differ, a value is no integer, or a class is out of range.
        """
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        if y_true.shape != y_pred.shape:
            raise ValueError(f"Shapes of y_true {y_true.shape} and y_pred {y_pred.shape} differ.")
        self._require_classes("y_pred", y_pred)
        if y_true.dtype != np.uint8:
            self._require_classes("y_true", y_true[y_true != IGNORE])
        # Ignored pixels are counted in a separate row, which is cheaper than to remove them.
        cells = y_true.astype(np.uint16) * np.uint16(self.num_classes) + y_pred.astype(np.uint16)
        counts = np.bincount(cells.ravel(), minlength=(IGNORE + 1) * self.num_classes)
        counts = counts.reshape(IGNORE + 1, self.num_classes)
        if counts[self.num_classes : IGNORE].any():
            self._require_classes("y_true", y_true[y_true != IGNORE])
        self._confusion += counts[: self.num_classes]

    def update_confusion(self, matrix) -> None:
        """Add a confusion matrix, integers ≥ 0 ``[num_classes, num_classes]``, rows ground truth."""
        matrix = np.asarray(matrix)
        if matrix.shape != self._confusion.shape:
            raise ValueError(f"A confusion matrix has shape {self._confusion.shape}, got {matrix.shape}.")
        if not np.issubdtype(matrix.dtype, np.integer) or matrix.min() < 0:
            raise ValueError("A confusion matrix holds counts: integers that are not negative.")
        self._confusion += matrix.astype(np.int64)

    def merge(self, other: "MeanIoU") -> None:
        """Add the pixels of another metric with the same classes."""
        self.update_confusion(other._confusion)

    def per_class(self) -> np.ndarray:
        """IoU of each class, float64 ``[num_classes]`` in 0..1; NaN where TP + FP + FN is zero."""
        hits = np.diagonal(self._confusion)
        union = self._confusion.sum(axis=0) + self._confusion.sum(axis=1) - hits
        return np.divide(hits, union, out=np.full(self.num_classes, np.nan), where=union > 0)

    def result(self) -> float:
        """Mean IoU, 0..1, over classes with TP + FP + FN > 0; NaN when there is none."""
        values = self.per_class()
        values = values[~np.isnan(values)]
        return float(values.mean()) if values.size else float("nan")

    def _require_classes(self, name: str, values: np.ndarray) -> None:
        if not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"{name} holds {values.dtype}, not integer classes.")
        if values.size and not 0 <= values.min() <= values.max() < self.num_classes:
            raise ValueError(
                f"{name} holds classes {values.min()}..{values.max()}, "
                f"outside 0..{self.num_classes - 1} of this metric."
            )


class DisparityErrors:
    """The four errors of disparity in Table 1: per image, then their mean over the images.

    With ground truth d and prediction p over the n valid pixels of an image:
    ``abs_rel`` = mean(|p - d| / d), ``sq_rel`` = mean((p - d)^2 / d) in px, ``rmse`` = sqrt(mean((p - d)^2))
    in px, ``rmse_log`` = sqrt(mean((log p - log d)^2)).

    The paper caps values at 50 and states neither the unit nor the treatment of larger ones. Here the unit is
    px at the size of the arrays, and larger ground truth is left out (``mask``) or set to the cap (``clip``).
    Predictions are clipped to [0.001, cap] either way, because log 0 is undefined.

    Args:
        cap: largest valid ground truth, px.
        minimum: smallest valid ground truth, px, > 0; both relative errors divide by it.
        cap_mode: ``mask`` or ``clip``.
    """

    NAMES = ("abs_rel", "sq_rel", "rmse", "rmse_log")
    SMALLEST_PREDICTION = 1e-3

    def __init__(self, cap: float = 50.0, minimum: float = 0.5, cap_mode: str = "mask"):
        if not 0 < minimum < cap:
            raise ValueError(f"0 < minimum < cap is needed, got minimum {minimum} and cap {cap}.")
        if cap_mode not in ("mask", "clip"):
            raise ValueError(f"cap_mode is 'mask' or 'clip', got {cap_mode!r}.")
        self.cap, self.minimum, self.cap_mode = cap, minimum, cap_mode
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all images."""
        self._images = []  # for each image that has a valid pixel: its four means, before any root
        self._valid = []  # and the number of pixels behind them
        self._measured = self._below = self._above = 0

    def update_state(self, y_true, y_pred) -> None:
        """Add one image or a batch.

        Args:
            y_true: float ``[H, W]``, ``[B, H, W]`` or ``[B, H, W, 1]``, px, NaN where nothing was measured.
            y_pred: float of the same shape, with or without a last axis of 1, px.

        Raises:
            ValueError: shapes differ, or are none of these.
        """
        y_true, y_pred = _as_batch(y_true), _as_batch(y_pred)
        if y_true.shape != y_pred.shape:
            raise ValueError(f"Shapes of y_true {y_true.shape} and y_pred {y_pred.shape} differ.")
        for truth, prediction in zip(y_true, y_pred, strict=True):
            self._add_image(truth, prediction)

    def result(self) -> dict[str, float]:
        """Mean of each error over images with a valid pixel; NaN when there are none."""
        if not self._images:
            return dict.fromkeys(self.NAMES, float("nan"))
        return self._named(np.mean([_roots(means) for means in self._images], axis=0))

    def pooled(self) -> dict[str, float]:
        """Each error over all valid pixels of all images at once; NaN when there are none."""
        if not self._images:
            return dict.fromkeys(self.NAMES, float("nan"))
        return self._named(_roots(np.average(self._images, axis=0, weights=self._valid)))

    def dropped_share(self) -> dict[str, float]:
        """Share of measured pixels, 0..1, that ``minimum`` and ``cap`` left out; NaN without measurements."""
        if not self._measured:
            return {"minimum": float("nan"), "cap": float("nan")}
        return {"minimum": self._below / self._measured, "cap": self._above / self._measured}

    def _add_image(self, truth: np.ndarray, prediction: np.ndarray) -> None:
        measured = np.isfinite(truth)
        truth, prediction = truth[measured], prediction[measured]
        below, above = truth < self.minimum, truth > self.cap
        if self.cap_mode == "clip":
            above = np.zeros_like(above)
        self._measured += truth.size
        self._below += int(below.sum())
        self._above += int(above.sum())

        valid = ~(below | above)
        if not valid.any():
            return
        truth = np.minimum(truth[valid], self.cap)
        prediction = np.clip(prediction[valid], self.SMALLEST_PREDICTION, self.cap)
        error = prediction - truth
        log_error = np.log(prediction) - np.log(truth)
        self._valid.append(truth.size)
        terms = (np.abs(error) / truth, error**2 / truth, error**2, log_error**2)
        self._images.append([np.mean(term) for term in terms])

    def _named(self, errors: np.ndarray) -> dict[str, float]:
        return dict(zip(self.NAMES, map(float, errors), strict=True))


def _roots(means) -> np.ndarray:
    """(abs_rel, sq_rel, squared error, squared log error) -> (abs_rel, sq_rel, rmse, rmse_log)."""
    return np.array([means[0], means[1], np.sqrt(means[2]), np.sqrt(means[3])])


def _as_batch(disparity) -> np.ndarray:
    array = np.asarray(disparity, np.float64)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3):
        raise ValueError(f"Disparity has shape [H, W], [B, H, W] or [B, H, W, 1], got {array.shape}.")
    return array if array.ndim == 3 else array[None]
