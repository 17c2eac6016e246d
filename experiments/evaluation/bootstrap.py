"""How far a mIoU depends on which images are in the set."""

import numpy as np


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
    return (
        tuple(float(v) for v in np.quantile(miou[count > 0], (tail, 1 - tail)))
        if count.any()
        else (np.nan,) * 2
    )
