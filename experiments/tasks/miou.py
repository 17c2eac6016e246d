"""A mIoU as it is recorded, and how far it depends on which images are in the set."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class IoU:
    """Intersection over union, accumulated over a set of images.

    Attributes:
        miou: mean over the classes that occur, 0..1; NaN, in files null, where none does.
        classes: number of classes in that mean.
        per_class: IoU of each class by its name, 0..1; NaN or None for a class that does not occur.
    """

    miou: float | None = None
    classes: int | None = None
    per_class: dict[str, float | None] | None = None

    @classmethod
    def of(cls, metric, names):
        """The record of an `experiments.metrics.MeanIoU`, with a name for each class of it."""
        per_class = metric.per_class()
        occurring = int(np.isfinite(per_class).sum())
        return cls(metric.result(), occurring, dict(zip(names, map(float, per_class), strict=True)))


def bootstrap_miou(confusions, samples=1000, level=0.95, seed=0):
    """Percentile bootstrap over images of the mIoU of a set.

    Images are drawn with replacement and their confusion matrices added up. With 30 images, as in Table 3,
    rare classes come and go between draws, so the interval is wide.

    Args:
        confusions: ``[images, classes, classes]``, rows ground truth.
        samples: draws.
        level: of the interval.
        seed: of the draws.

    Returns:
        (low, high); NaN when no class occurs.
    """
    confusions = np.asarray(confusions, np.float64)
    images = len(confusions)
    drawn = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), samples)
    diagonal = drawn @ np.diagonal(confusions, axis1=1, axis2=2)
    union = drawn @ (confusions.sum(axis=1) + confusions.sum(axis=2)) - diagonal
    present = union > 0
    iou = np.divide(diagonal, union, out=np.zeros_like(diagonal), where=present)
    count = present.sum(axis=1)
    miou = np.divide(iou.sum(axis=1), count, out=np.full(samples, np.nan), where=count > 0)
    tail = (1 - level) / 2
    bounds = np.quantile(miou[count > 0], (tail, 1 - tail)) if count.any() else (np.nan, np.nan)
    return tuple(map(float, bounds))
