"""A training frame as one prepares it with PIL, scikit-image and NumPy; no TensorFlow, no torch.

The numbers are those of `data.pipeline.Preparation`; all of it happens each time that a frame is asked for.
"""

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from selfsup_segmentation.data.disparity import resize_nearest
from selfsup_segmentation.data.labels import ids_to_train_ids
from selfsup_segmentation.reproduce.bench.jobs.colors import MEAN, STD

BINS = 6  # of a, and of b


def lab_and_classes(rgb):
    """Lab and color classes of an image.

    Args:
        rgb: uint8 ``[H, W, 3]``.

    Returns:
        float64 ``[H, W, 3]`` and int32 ``[H, W]``.
    """
    lab = rgb2lab(rgb)
    mean, std = np.array(MEAN[1:]), np.array(STD[1:])
    position = (lab[..., 1:] - (mean - 2 * std)) / (4 * std / BINS)
    index = np.clip(np.floor(position), 0, BINS - 1).astype(np.int32)
    return lab, BINS * index[..., 0] + index[..., 1]


def decode(frame, size):
    """The images of a frame at the network's size.

    Args:
        frame: dict of paths ``left``, ``right`` and ``labels``.
        size: (width, height) in px; images are a whole number of times as large.

    Returns:
        Dict of uint8 arrays: ``left`` and ``right`` ``[H, W, 3]``, ``labels`` (trainIds) ``[H, W]``.
    """
    with Image.open(frame["labels"]) as image:
        labels = ids_to_train_ids(resize_nearest(np.asarray(image), size[::-1]))
    return {part: _read_rgb(frame[part], size) for part in ("left", "right")} | {"labels": labels}


def prepare(images):
    """Everything that SS+C+D trains on, from what `decode` returns.

    Returns:
        Dict of arrays, as `data.pipeline.Preparation` names them: ``lab``, ``gray``, ``left``, ``right``
        float32 ``[H, W, 3]``, ``labels`` uint8 and ``color`` int32 ``[H, W]``.
    """
    lab, color = lab_and_classes(images["left"])
    normalized = ((lab - MEAN) / STD).astype(np.float32)
    return {
        "lab": normalized,
        "gray": np.repeat(normalized[..., :1], 3, axis=-1),
        "labels": images["labels"],
        "color": color,
        "left": _to_unit(lab),
        "right": _to_unit(rgb2lab(images["right"])),
    }


def read(frame, size):
    """`prepare` what `decode` reads."""
    return prepare(decode(frame, size))


def _read_rgb(path, size):
    with Image.open(path) as image:
        factors = (image.width // size[0], image.height // size[1])
        return np.asarray(image.convert("RGB").reduce(factors))


def _to_unit(lab):
    return ((lab + np.array([0, 128, 128])) / [100, 255, 255]).astype(np.float32)
