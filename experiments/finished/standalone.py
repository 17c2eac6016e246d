"""A finished run without its data: what a person takes away."""

import dataclasses
from pathlib import Path

import keras

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.pipeline import Preparation
from selfsup_segmentation.experiments.finished.finished_run import COLORS, read_colors
from selfsup_segmentation.experiments.records.json_files import read_record
from selfsup_segmentation.experiments.training.network import load_model
from selfsup_segmentation.models.normalization import load_statistics


@dataclasses.dataclass(frozen=True)
class Standalone:
    """What predicts new images as the run's evaluation predicted its own.

    Attributes:
        model: the run's network with the trained weights.
        statistics: of the encoder's BatchNorm by input stream, for `models.normalization.statistics_of`.
        preparation: `data.pipeline.Preparation` of the network's input.
    """

    model: keras.Model
    statistics: dict[str, list]
    preparation: Preparation


def open_standalone(run, folder: Path) -> Standalone:
    """Read a finished run from its folder alone.

    Args:
        run: `experiments.run.Run`.
        folder: of the run.

    Raises:
        InputError: the run is not finished, or one of its files is missing or damaged.
    """
    if read_record(folder, "metrics.json") is None:
        raise InputError(f"{folder} is not the folder of a finished run: it lacks metrics.json.")
    colors = read_colors(folder)
    if colors is None:
        raise InputError(f"{folder / COLORS} is missing; remove {folder} to run it again.")
    statistics = load_statistics(folder / "statistics.npz")
    preparation = Preparation(run.tasks, colors, run.readings.input_norm, run.readings.recon_space)
    return Standalone(load_model(run, folder), statistics, preparation)
