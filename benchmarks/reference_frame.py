"""A training frame of SS+C+D as prepared with PIL, scikit-image and NumPy; equal to `data.pipeline`'s."""

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

from selfsup_segmentation.data.disparity import resize_nearest
from selfsup_segmentation.data.labels import ids_to_train_ids

MEAN, STD = (50.0, 0.0, 0.0), (25.0, 10.0, 15.0)  # of L, a and b, in place of those of the training images
BINS = 6  # of a, and of b


def lab_and_classes(rgb):
    """Lab float64 ``[H, W, 3]`` and color classes int32 ``[H, W]`` of a uint8 image ``[H, W, 3]``."""
    lab = rgb2lab(rgb)
    mean, std = np.array(MEAN[1:]), np.array(STD[1:])
    position = (lab[..., 1:] - (mean - 2 * std)) / (4 * std / BINS)
    index = np.clip(np.floor(position), 0, BINS - 1).astype(np.int32)
    return lab, BINS * index[..., 0] + index[..., 1]


def decode(frame, size):
    """Dict of uint8 ``left``, ``right`` ``[H, W, 3]`` and ``labels`` (trainIds) ``[H, W]`` of a frame.

    Args:
        frame: `data.frames.Frame` with these files.
        size: (width, height) in px; the images are a whole number of times as large.
    """
    with Image.open(frame.labels) as image:
        images = {"labels": ids_to_train_ids(resize_nearest(np.asarray(image), size[::-1]))}
    for part in ("left", "right"):
        with Image.open(getattr(frame, part)) as image:
            factors = image.width // size[0], image.height // size[1]
            images[part] = np.asarray(image.convert("RGB").reduce(factors))
    return images


def prepare(images):
    """Everything that SS+C+D trains on, from what `decode` returns; names and dtypes of `data.pipeline`."""
    lab, color = lab_and_classes(images["left"])
    normalized = ((lab - MEAN) / STD).astype(np.float32)
    unit = {
        part: (np.add(values, [0, 128, 128]) / [100, 255, 255]).astype(np.float32)
        for part, values in (("left", lab), ("right", rgb2lab(images["right"])))
    }
    gray = np.repeat(normalized[..., :1], 3, axis=-1)
    return unit | {"lab": normalized, "gray": gray, "color": color, "labels": images["labels"]}


def read(frame, size):
    """`prepare` what `decode` reads."""
    return prepare(decode(frame, size))
