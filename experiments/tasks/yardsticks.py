"""Scores of constant predictions, for comparison with those of networks."""

import numpy as np


def constant_class_miou(confusion):
    """mIoU of predicting the most frequent class everywhere; rows of the matrix are ground truth."""
    pixels = confusion.sum(axis=1)
    present = int((pixels > 0).sum())
    return float(pixels.max() / pixels.sum() / present) if present else float("nan")


class ConstantDisparity:
    """Smallest AbsRel that any single constant reaches, chosen in hindsight: a yardstick.

    Args:
        minimum, cap: of the ground truth that counts, px.
    """

    PIXELS = 20_000  # of an image, evenly spaced: enough for a yardstick

    def __init__(self, minimum, cap):
        self.minimum, self.cap = minimum, cap
        self.constants = np.geomspace(minimum, cap, 100)
        self.errors = []

    def update(self, truth):
        """Add the ground truth of an image, px with NaN."""
        with np.errstate(invalid="ignore"):
            values = truth[(truth >= self.minimum) & (truth <= self.cap)]
        values = values[:: max(1, len(values) // self.PIXELS)].astype(np.float64)
        if len(values):
            errors = np.abs(self.constants[:, None] - values) / values
            self.errors.append(errors.mean(axis=1))

    def result(self):
        """AbsRel, or NaN without ground truth."""
        return float(np.mean(self.errors, axis=0).min()) if self.errors else float("nan")
