"""Cityscapes labels: ids, trainIds, names and colors, taken from cityscapesscripts.

Files hold label **ids** (0..33), of which 0..6 are void classes and 7 is road. Networks and losses use
**trainIds**: the 19 classes that are evaluated, 0..18, and 255 for everything else. KITTI's semantic files
use the same ids.
"""

from collections.abc import Iterable

import numpy as np
from cityscapesscripts.helpers.labels import labels as _LABELS

IGNORE = 255  # trainId of pixels that losses and metrics ignore
_UNLABELED = next(label.id for label in _LABELS if label.name == "unlabeled")
_CLASSES = sorted(
    (label for label in _LABELS if 0 <= label.trainId != IGNORE and not label.ignoreInEval),
    key=lambda label: label.trainId,
)

_ROAD = next(label.trainId for label in _CLASSES if label.name == "road")

NUM_CLASSES = len(_CLASSES)
CLASS_NAMES = tuple(label.name for label in _CLASSES)
KNOWN_IDS = frozenset(label.id % 256 for label in _LABELS)
"""Ids that a uint8 label file may contain: 0..33, and 255, which is the id -1 of licence plates as uint8."""


def _table(default: int, pairs: dict) -> np.ndarray:
    """Read-only lookup table of 256 entries."""
    values = np.asarray(list(pairs.values()), np.uint8)
    table = np.full((256, *values.shape[1:]), default, np.uint8)
    table[list(pairs)] = values
    table.flags.writeable = False
    return table


ID_TO_TRAIN_ID = _table(IGNORE, {label.id: label.trainId for label in _CLASSES})
"""uint8 ``[256]``: trainId of a label id, 255 outside the 19 classes. For lookups inside a tf.data graph."""
TRAIN_ID_TO_ID = _table(_UNLABELED, {label.trainId: label.id for label in _CLASSES})
"""uint8 ``[256]``: label id of a trainId, 0 (unlabeled) outside the 19 classes."""
PALETTE = _table(0, {label.trainId: label.color for label in _CLASSES})
"""uint8 ``[256, 3]``: RGB of a trainId, black outside the 19 classes."""


def ids_to_train_ids(ids: np.ndarray) -> np.ndarray:
    """Label ids, integers ``[...]``, to trainIds, uint8 ``[...]``; 255 for everything outside the 19 classes.

    Raises:
        ValueError: ``ids`` are not integers; also from the two functions below.
    """
    return ID_TO_TRAIN_ID[_as_uint8(ids)]


def train_ids_to_ids(train_ids: np.ndarray) -> np.ndarray:
    """TrainIds, integers ``[...]``, to the label ids that the official evaluation reads, uint8 ``[...]``.

    255 and anything else outside the 19 classes becomes 0 (unlabeled).
    """
    return TRAIN_ID_TO_ID[_as_uint8(train_ids)]


def colorize(train_ids: np.ndarray) -> np.ndarray:
    """TrainIds, integers ``[...]``, in the benchmark's colors: RGB uint8 ``[..., 3]``; 255 is black."""
    return PALETTE[_as_uint8(train_ids)]


def other_coding(ids: np.ndarray) -> str | None:
    """Name of another coding that the labels of an image are certainly in; None for label ids.

    Ids from 20 (signs, plants, sky, people, vehicles) cover 27 % or more of each of 30 real KITTI frames.
    None occurs in trainIds, whose 255, a licence plate as an id, covers 0.29 % or more, nor in category ids,
    whose 1..6, void classes as ids, cover more than half of most, in several classes.

    Args:
        ids: uint8 ``[H, W]``.
    """
    if (ids - np.uint8(20) < 14).any():  # wraps below 20
        return None
    shares = np.bincount(ids.ravel(), minlength=256) / ids.size
    if shares[7] > 0.15 or not shares[ID_TO_TRAIN_ID != IGNORE].any():
        return None
    if shares[255] > 0.001:
        return "trainIds"
    void = shares[1:7]
    return "category ids" if void.sum() > 0.5 and (void > 0.01).sum() > 2 else None


def lack_road(train_ids: Iterable[np.ndarray]) -> bool:
    """Whether other classes but no road occur in a set of 8 images or more, as in labels of another coding.

    Args:
        train_ids: uint8 ``[H, W]`` of each image; read up to the first with road.
    """
    count, has_classes = 0, False
    for image in train_ids:
        if (image == _ROAD).any():
            return False
        count += 1
        has_classes = has_classes or bool((image != IGNORE).any())
    return has_classes and count >= 8


def _as_uint8(values: np.ndarray) -> np.ndarray:
    """Indices into the tables; values outside of uint8 become 255, which is not a class."""
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"Labels are integers, got {values.dtype}.")
    if values.dtype == np.uint8:
        return values
    return np.where((values >= 0) & (values <= 255), values, 255).astype(np.uint8)
