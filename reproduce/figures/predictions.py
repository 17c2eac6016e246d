"""A prediction as image files."""

from pathlib import Path

import numpy as np
from PIL import Image

from selfsup_segmentation.data.labels import colorize, train_ids_to_ids
from selfsup_segmentation.reproduce.figures.panels import Column, draw, save

OPACITY = 0.5  # of the classes over the image
LARGEST = 65535 / 256  # px: KITTI's 16 bits hold no more


def names_of(tasks, label_ids):
    """What is written of an image: the endings of its files' names, by the method that draws them."""
    ids = "label_ids" if label_ids else "train_ids"
    names = {"seg": ("overlay", ids), "depth": ("disparity", "disparity_color"), "color": ("color",)}
    return [name for task in tasks for name in names[task]]


def write_prediction(prediction, path: Path, names):
    """Write an `experiments.finished.network.Prediction` as ``<path>_<name>.png``.

    ``overlay``: the classes in Cityscapes' colors over the image. ``train_ids``, ``label_ids``: grey of 8
    bits. ``disparity``: grey of 16 bits as in KITTI, 256 times the px of the image. ``disparity_color``: a
    picture with its scale. ``color``: the colorization. All but the picture have the image's size.

    Args:
        prediction: of one image.
        path: without ending.
        names: from `names_of`.
    """
    for name in names:
        file = path.with_name(f"{path.name}_{name}.png")
        if name == "disparity_color":
            _write_disparity_picture(prediction, file)
        else:
            Image.fromarray(_DRAW[name](prediction)).save(file)


def _overlay(prediction):
    classes = colorize(prediction.train_ids).astype(np.float32)
    return np.round((1 - OPACITY) * prediction.image + OPACITY * classes).astype(np.uint8)


def _disparity(prediction):
    """At least 1: a predicted 0 is a point far away, while the file's 0 says that nothing is known."""
    return np.clip(np.round(prediction.disparity * 256), 1, 65535).astype(np.uint16)


def _write_disparity_picture(prediction, file):
    height, width = prediction.disparity.shape
    columns = [Column("predicted disparity", "disparity", [prediction.disparity])]
    save(draw(columns, [(width, height)], [file.name], unit=f"px of the image, {width}×{height}"), file)


_DRAW = {
    "overlay": _overlay,
    "train_ids": lambda prediction: prediction.train_ids,
    "label_ids": lambda prediction: train_ids_to_ids(prediction.train_ids),
    "disparity": _disparity,
    "color": lambda prediction: prediction.color,
}
