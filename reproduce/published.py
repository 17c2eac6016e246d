"""Every number that the paper prints, addressed by row, initialization and metric.

Source: Novosel, Viswanath and Arsenali, "Boosting semantic segmentation with multi-task self-supervised
learning for autonomous driving applications", ML4AD workshop at NeurIPS 2019: Tables 1 to 4 and the text of
Section 4. Repairs made to the scanned text: in Table 1 "n la" is n/a, and the stray "4" before the n/a of the
row "SS + D (GS)" is dropped; in Table 4 the mark "±" behind ENet's 0.58 is "‡" (test set).

Example:
    >>> TABLE1["SS+D/GS"]["ImageNet"]["sem_miou"]
    0.64

A metric that does not apply to a row is absent. mIoU values are fractions. The paper gives one number a cell,
without repeats or a spread. Tables made here never take a value of ours from this module.
"""

from collections.abc import Mapping
from types import MappingProxyType

INITS = ("ImageNet", "CoarseCTS")
"""The two initializations of a multi-task row: printed plainly, and in parentheses."""

BASELINES: Mapping[str, str] = MappingProxyType(
    {"random": "SSrandom", "ImageNet": "SSImageNet", "CoarseCTS": "SSCoarseCTS"}
)
"""The segmentation-only row of each initialization."""

BEST = ("SS+D/GS", "ImageNet")
"""Row and initialization that Table 1 marks as best (Tables 2 and 4 call it "Best")."""

BEST_KITTI = ("SS+D/UW", "ImageNet")
"""Row and initialization with the best mIoU of Table 3."""

CLAIMED_GAIN = 0.03
"""The "up to 3 %" of abstract and conclusion: percentage points of mIoU, 0.61 to 0.64 in Table 1."""


def _frozen(tree):
    """The same nested dicts, read-only at every level."""
    if isinstance(tree, dict):
        return MappingProxyType({key: _frozen(value) for key, value in tree.items()})
    return tree


def _both(**metrics: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Metrics printed as "ImageNet (CoarseCTS)", as {init: {metric: value}}."""
    return {init: {name: pair[i] for name, pair in metrics.items()} for i, init in enumerate(INITS)}


TABLE1: Mapping[str, Mapping[str, Mapping[str, float]]] = _frozen(
    {
        "SSrandom": {"random": {"sem_miou": 0.58}},
        "SSImageNet": {"ImageNet": {"sem_miou": 0.61}},
        "SSCoarseCTS": {"CoarseCTS": {"sem_miou": 0.59}},
        "SS+C/GS": _both(sem_miou=(0.61, 0.58), color_miou=(0.50, 0.40)),
        "SS+C/UW": _both(sem_miou=(0.59, 0.57), color_miou=(0.49, 0.47)),
        "SS+C/DWA": _both(sem_miou=(0.61, 0.59), color_miou=(0.40, 0.43)),
        "SS+D/GS": _both(
            sem_miou=(0.64, 0.60),
            abs_rel=(0.24, 0.28),
            sq_rel=(2.07, 2.28),
            rmse=(3.09, 3.16),
            rmse_log=(0.30, 0.32),
        ),
        "SS+D/UW": _both(
            sem_miou=(0.62, 0.59),
            abs_rel=(0.25, 0.26),
            sq_rel=(2.11, 2.22),
            rmse=(3.08, 3.13),
            rmse_log=(0.31, 0.32),
        ),
        "SS+D/DWA": _both(
            sem_miou=(0.62, 0.58),
            abs_rel=(0.35, 0.33),
            sq_rel=(2.81, 2.78),
            rmse=(3.55, 3.53),
            rmse_log=(0.36, 0.36),
        ),
        "SS+C+D/GS": _both(
            sem_miou=(0.62, 0.59),
            color_miou=(0.48, 0.38),
            abs_rel=(0.28, 0.31),
            sq_rel=(2.26, 2.72),
            rmse=(3.13, 3.34),
            rmse_log=(0.32, 0.33),
        ),
        "SS+C+D/UW": _both(
            sem_miou=(0.60, 0.58),
            color_miou=(0.48, 0.41),
            abs_rel=(0.25, 0.26),
            sq_rel=(2.27, 2.16),
            rmse=(3.06, 3.07),
            rmse_log=(0.32, 0.32),
        ),
        "SS+C+D/DWA": _both(
            sem_miou=(0.62, 0.59),
            color_miou=(0.35, 0.43),
            abs_rel=(0.31, 0.31),
            sq_rel=(2.60, 2.64),
            rmse=(3.53, 3.52),
            rmse_log=(0.35, 0.36),
        ),
    }
)
"""Cityscapes validation set. Disparity errors (the last four metrics) are "capped at 50", no unit given."""

GRID_WEIGHTS: Mapping[str, Mapping[str, float]] = _frozen(
    {
        "SS+C/GS": {"seg": 1.0, "color": 1.0},
        "SS+D/GS": {"seg": 1.0, "depth": 100.0},
        "SS+C+D/GS": {"seg": 1.0, "color": 1.0, "depth": 100.0},
    }
)
"""Loss weights that Table 1 prints for its grid-search rows, one set for both initializations."""

TABLE2: Mapping[str, Mapping[str, float]] = _frozen(
    {
        "SSImageNet": {"class_miou": 0.57, "class_iiou": 0.30, "cat_miou": 0.83, "cat_iiou": 0.64},
        "Best": {"class_miou": 0.60, "class_iiou": 0.31, "cat_miou": 0.84, "cat_iiou": 0.65},
    }
)
"""Cityscapes test set, as scored by the benchmark's server."""

TABLE3: Mapping[str, Mapping[str, Mapping[str, float]]] = _frozen(
    {
        "SSrandom": {"random": {"sem_miou": 0.46}},
        "SSImageNet": {"ImageNet": {"sem_miou": 0.47}},
        "SSCoarseCTS": {"CoarseCTS": {"sem_miou": 0.46}},
        "SS+C/GS": _both(sem_miou=(0.45, 0.47)),
        "SS+C/UW": _both(sem_miou=(0.43, 0.45)),
        "SS+C/DWA": _both(sem_miou=(0.45, 0.48)),
        "SS+D/GS": _both(sem_miou=(0.41, 0.47)),
        "SS+D/UW": _both(sem_miou=(0.49, 0.47)),
        "SS+D/DWA": _both(sem_miou=(0.46, 0.48)),
        "SS+C+D/GS": _both(sem_miou=(0.48, 0.46)),
        "SS+C+D/UW": _both(sem_miou=(0.46, 0.41)),
        "SS+C+D/DWA": _both(sem_miou=(0.47, 0.46)),
    }
)
"""KITTI, 30 of the 200 training images held out at random. No loss weights are printed for the GS rows."""

TABLE4: Mapping[str, Mapping[str, float]] = _frozen(
    {
        "SegNet": {"test": 0.56},
        "PSPNet": {"test": 0.78, "val": 0.74},
        "DeepLab v3": {"test": 0.81},
        "ENet": {"test": 0.58, "val": 0.53},
        "ICNet": {"test": 0.69, "val": 0.56},
        "UNet - ResNet18": {"val": 0.58},
        "UNet - MobileNet": {"val": 0.61},
        "ResNet18 with distillation": {"val": 0.73},
        "ShuffleNet V2 + DPC": {"val": 0.71},  # ten classes only, says the paper's text
        "Ours - Baseline (SSImageNet)": {"test": 0.57, "val": 0.61},
        "Ours - Best": {"test": 0.60, "val": 0.64},
    }
)
"""Class mIoU on Cityscapes of other methods, as the paper quotes them."""

TEXT: Mapping[str, Mapping[str, Mapping[str, float]]] = _frozen(
    {
        "C": _both(color_miou=(0.45, 0.44)),
        "D": _both(abs_rel=(0.27, 0.28), sq_rel=(2.32, 2.44)),
    }
)
"""Color alone ("C") and depth alone ("D") on the Cityscapes validation set: printed only in the text."""
