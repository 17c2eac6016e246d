"""What a finished run left behind: network, BatchNorm statistics, and its data as it saw them."""

import dataclasses
from pathlib import Path

import keras

from selfsup_segmentation.data.color import ColorStatistics
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.datasets.library import RunData
from selfsup_segmentation.experiments.records.json_files import write_text
from selfsup_segmentation.experiments.training.network import Unavailable, load_model, source_folder
from selfsup_segmentation.models.normalization import load_statistics

COLORS = "colors.json"


@dataclasses.dataclass(frozen=True)
class Finished:
    """A finished run, opened.

    Attributes:
        model: its network with the trained weights.
        statistics: of the encoder's BatchNorm by input stream, for `models.normalization.statistics_of`.
        data: `experiments.datasets.library.RunData`.
    """

    model: keras.Model
    statistics: dict[str, list]
    data: RunData


def open_finished(run, folder, library):
    """Open a finished run.

    Args:
        run: `experiments.run.Run`.
        folder: of the run.
        library: `experiments.datasets.library.Library` of its data.
    """
    data = library.prepare(run, read_colors(folder))
    return Finished(load_model(run, folder), load_statistics(folder / "statistics.npz"), data)


def read_colors(folder: Path) -> ColorStatistics | None:
    """The colors that standardize a run's input and make its color classes; None if it left none.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / COLORS
    try:
        return ColorStatistics.from_json(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}); remove {folder} to run it again.") from error


def write_colors(folder: Path, colors: ColorStatistics):
    """Keep the colors of a run: whoever takes its network away needs them."""
    write_text(folder / COLORS, colors.to_json())


def inherited_colors(run, store):
    """Colors that a run takes over from the one that it goes on from (``color_stats=cityscapes``), or None.

    Raises:
        Unavailable: that run has no result, or left no colors.
    """
    if run.readings.color_stats == "dataset":
        return None
    colors = read_colors(source_folder(run, store))
    if colors is None:
        raise Unavailable(f"color_stats={run.readings.color_stats}: {dependency(run)} left no {COLORS}")
    return colors
