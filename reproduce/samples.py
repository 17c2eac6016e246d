"""A picture of what a finished run predicts on its validation images."""

import matplotlib

matplotlib.use("Agg")  # no window, no display needed

import matplotlib.pyplot as plt
import numpy as np

from data.color import lab_to_rgb, rgb_to_lab
from data.decode import read_disparity, read_labels
from data.disparity import resize_disparity
from data.labels import colorize, ids_to_train_ids
from data.pipeline import ordered_batches
from experiments.evaluation import make_predictor
from experiments.network import load_model
from experiments.scores import DECODE_DISPARITY
from models.multitask import STREAM
from models.normalization import load_statistics, statistics_of


def write_samples(run, folder, library, path, count=4):
    """Draw a row for each of ``count`` evenly spaced validation images: image, ground truth, predictions.

    Args:
        run: a finished `experiments.run.Run`.
        folder: of the run.
        library: `experiments.datasets.Library` of its data.
        path: of the picture; the ending says the format.
        count: rows.
    """
    data = library.prepare(run)
    model = load_model(run, folder)
    statistics = load_statistics(folder / "statistics.npz")
    chosen = np.unique(np.linspace(0, len(data.val) - 1, count).round().astype(int))
    rows = [[("image", _cut(data, index, data.val.image("left", index)), {})] for index in chosen]
    batches = {
        index: batch
        for index, batch in enumerate(ordered_batches(data.val, data.preparation))
        if index in chosen
    }
    for stream in dict.fromkeys(STREAM[task] for task in run.tasks):
        tasks = [task for task in run.tasks if STREAM[task] == stream]
        predict = make_predictor(model, tasks, run.readings.disp_scale)
        with statistics_of(model.get_layer("encoder"), statistics[stream]):
            for panels, index in zip(rows, chosen, strict=True):
                maps = predict(batches[index], data.val.native_sizes[index])
                panels += _panels(data, library.source.layout, int(index), maps)
    _draw(rows, path)


def _cut(data, index, picture):
    """The part that is not padding."""
    width, height = data.val.valid_sizes[index]
    return picture[:height, :width]


def _panels(data, layout, index, maps):
    """(title, picture, options of imshow) of one image."""
    frame, (width, height) = data.val.frames[index], map(int, data.val.valid_sizes[index])
    panels = []
    if "seg_native" in maps:
        panels.append(("labels", colorize(ids_to_train_ids(read_labels(frame.labels))), {}))
        panels.append(("segmentation", colorize(maps["seg_native"].numpy()[0].astype(np.uint8)), {}))
    if "color" in maps:
        lab = rgb_to_lab(data.val.image("left", index)).numpy()
        lab[..., 1:] = data.statistics.bins.centers[maps["color"].numpy()[0]]
        panels.append(("colorization", _cut(data, index, lab_to_rgb(lab).numpy()), {}))
    if "depth" in maps:
        truth = resize_disparity(DECODE_DISPARITY[layout](read_disparity(frame.disparity)), (height, width))
        options = {"cmap": "magma", "vmin": 0, "vmax": float(np.nanquantile(truth, 0.99))}
        panels.append(("measured disparity, px", truth, options))
        panels.append(("disparity, px", _cut(data, index, maps["depth"].numpy()[0, ..., 0]), options))
    return panels


def _draw(rows, path):
    height, width = rows[0][0][1].shape[:2]
    columns = len(rows[0])
    size = (2.6 * columns, 2.6 * height / width * len(rows) + 0.4)
    figure, axes = plt.subplots(len(rows), columns, figsize=size, squeeze=False, layout="constrained")
    for row, (axis_row, panels) in enumerate(zip(axes, rows, strict=True)):
        for axis, (title, picture, options) in zip(axis_row, panels, strict=True):
            shown = axis.imshow(picture, interpolation="nearest", **options)
            axis.set_axis_off()
            if row == 0:
                axis.set_title(title, fontsize=9)
            if options:
                figure.colorbar(shown, ax=axis, fraction=0.03, pad=0.01).ax.tick_params(labelsize=6)
    figure.savefig(path, dpi=130)
    plt.close(figure)
