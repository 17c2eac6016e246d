"""A figure of what a finished run predicts on its validation images."""

import numpy as np

from selfsup_segmentation.experiments.tasks import named
from selfsup_segmentation.reproduce.figures.images import ValidationImages
from selfsup_segmentation.reproduce.figures.panels import Column, draw, save

TRUTHS = {"labels": "ground truth", "disparity": "measured disparity"}


def write_samples(finished, library, path, count=4):
    """Draw a row for each of ``count`` evenly spaced validation images: image, ground truth, predictions.

    Args:
        finished: `experiments.finished.finished_run.FinishedRun`.
        library: `experiments.datasets.library.Library` of its data.
        path: file to write; its ending is the format.
        count: rows.
    """
    frames = finished.network.data(library).val.frames
    chosen = np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))
    names = [frames[index].name for index in chosen]
    images = ValidationImages(finished, library, names)
    columns = [Column("original", "image", images.originals())]
    for task in named(finished.run.tasks):
        if task.kind in TRUTHS:
            columns.append(Column(TRUTHS[task.kind], task.kind, images.truths(task)))
        columns.append(Column(f"predicted {task.title}", task.kind, images.predictions(task)))
    caption = [f"{finished.run}: {len(names)} of {len(frames)} validation images, evenly spaced"]
    save(draw(columns, images.sizes, names, caption=caption, unit=images.unit), path)
