"""A picture of what a finished run predicts on its validation images."""

import numpy as np

from selfsup_segmentation.reproduce.figures.images import Pictures
from selfsup_segmentation.reproduce.figures.panels import Column, draw, save


def write_samples(finished, library, path, count=4):
    """Draw a row for each of ``count`` evenly spaced validation images: image, ground truth, predictions.

    Args:
        finished: `experiments.finished.finished_run.FinishedRun`.
        library: `experiments.datasets.library.Library` of its data.
        path: of the picture; the ending says the format.
        count: rows.
    """
    run, frames = finished.run, finished.network.data(library).val.frames
    chosen = np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))
    names = [frames[index].name for index in chosen]
    pictures = Pictures(finished, library, names)
    columns = [Column("original", "image", pictures.originals())]
    if "seg" in run.tasks:
        columns.append(Column("ground truth", "labels", pictures.labels()))
        columns.append(Column("segmentation", "labels", pictures.segmentations()))
    if "color" in run.tasks:
        columns.append(Column("colorization", "image", pictures.colorizations()))
    if "depth" in run.tasks:
        columns.append(Column("measured disparity", "disparity", pictures.measured_disparities()))
        columns.append(Column("predicted disparity", "disparity", pictures.predicted_disparities()))
    caption = [f"{run}: {len(names)} of {len(frames)} validation images, evenly spaced"]
    save(draw(columns, pictures.sizes(), names, caption=caption, unit=pictures.unit), path)
