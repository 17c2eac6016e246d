"""A prediction as image files."""

import numpy as np
from PIL import Image

from selfsup_segmentation.data.labels import colorize, train_ids_to_ids
from selfsup_segmentation.experiments.tasks import named
from selfsup_segmentation.reproduce.figures.panels import Column, draw, save

OPACITY = 0.5  # of the classes over the image
LARGEST = 65535 / 256  # px: KITTI's 16 bits hold no more


def names_of(tasks, label_ids):
    """Endings of the names of the files that `write_prediction` writes, for names of tasks."""
    names = {
        "labels": ("overlay", "label_ids" if label_ids else "train_ids"),
        "disparity": ("disparity", "disparity_color"),
    }
    return [name for task in named(tasks) for name in names.get(task.kind, (task.name,))]


def write_prediction(image, prediction, path, label_ids=False):
    """Write a prediction as ``<path>_<name>.png``, at the image's size unless noted.

    ``overlay``: the classes in Cityscapes' colors over the image. ``train_ids``, ``label_ids``: grey of 8
    bits. ``disparity``: grey of 16 bits as in KITTI, 256 times the px of the image. ``disparity_color``: a
    figure with its scale, of any size. Other tasks, such as ``color``: RGB, under the name of the task.

    Args:
        image: RGB uint8 ``[H, W, 3]``.
        prediction: from `experiments.finished.network.TrainedNetwork.predict`.
        path: without ending.
        label_ids: write label ids rather than trainIds.

    Returns:
        Whether a disparity was larger than `LARGEST`, and is that in its file.
    """
    clipped = False
    for task in named(prediction):
        values = prediction[task.name]
        if task.kind == "labels":
            overlay = np.round((1 - OPACITY) * image + OPACITY * colorize(values).astype(np.float32))
            files = {"overlay": overlay.astype(np.uint8)}
            files |= {"label_ids": train_ids_to_ids(values)} if label_ids else {"train_ids": values}
        elif task.kind == "disparity":
            # At least 1: a predicted 0 is a point far away, while the file's 0 stands for an unknown one.
            files = {"disparity": np.clip(np.round(values * 256), 1, 65535).astype(np.uint16)}
            clipped = values.max() > LARGEST
            _draw_disparity(values, path.with_name(f"{path.name}_disparity_color.png"))
        else:
            files = {task.name: values}
        for name, pixels in files.items():
            Image.fromarray(pixels).save(path.with_name(f"{path.name}_{name}.png"))
    return clipped


def _draw_disparity(disparity, file):
    height, width = disparity.shape
    columns = [Column("predicted disparity", "disparity", [disparity])]
    save(draw(columns, [(width, height)], [file.name], unit=f"px of the image, {width}×{height}"), file)
