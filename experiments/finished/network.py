"""The trained network of a finished run, which predicts as the run's evaluation did."""

import functools

import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.cache import fit_image
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.pipeline import Preparation
from selfsup_segmentation.experiments.catalog import layout_of
from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator
from selfsup_segmentation.experiments.evaluation.predictor import Predictor
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.results import headline
from selfsup_segmentation.experiments.tasks import named
from selfsup_segmentation.experiments.training.network import COLORS, load_model, read_colors
from selfsup_segmentation.models.normalization import load_statistics


class TrainedNetwork:
    """Predicts with the weights and the BatchNorm statistics of a finished run.

    Args:
        run: `experiments.run.Run`.
        folder: run directory; nothing else is needed.

    Raises:
        InputError: a file of the run directory is missing or damaged.
    """

    def __init__(self, run, folder):
        self.run, self._folder = run, folder
        self._statistics = load_statistics(folder / "statistics.npz")

    @functools.cached_property
    def model(self):
        """The run's network with the trained weights."""
        return load_model(self.run, self._folder)

    @functools.cached_property
    def _predictor(self):
        return Predictor(self.model, self.run.tasks, self.run.readings)

    @functools.cached_property
    def preparation(self):
        """`data.pipeline.Preparation` of the network's input, with the colors of the run's training."""
        colors, readings = read_colors(self._folder), self.run.readings
        if colors is None:
            raise InputError(f"{self._folder / COLORS} is missing; remove {self._folder} to run it again.")
        return Preparation(named(self.run.tasks), colors, readings.input_norm, readings.recon_space)

    def data(self, library):
        """The run's `experiments.datasets.library.RunData` from the library of its data."""
        return library.prepare(self.run, read_colors(self._folder))

    def evaluate(self, library):
        """Compute the headline numbers again, under the default readings."""
        evaluator = Evaluator(self.model, self.run, self.data(library), library.source.layout)
        return headline({"per_input": evaluator(self._statistics)}, Readings())

    def stream(self, name):
        """Within this context the encoder has the statistics of an input stream, ``lab`` or ``gray``."""
        return self._predictor.stream(name, self._statistics)

    def maps(self, cache, preparation, indices=None):
        """Predict images of a cache, all or those at some indices; see `Predictor.images`."""
        return self._predictor.images(cache, preparation, indices, self._statistics)

    def predict(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Predict an RGB uint8 image ``[H, W, 3]`` of any size.

        It is brought to the size of the run's network as those of its data were; one that is larger than a
        network whose images were padded is resized.

        Returns:
            By task the prediction at the image's own size, see `experiments.tasks.task.Task.native`.
        """
        height, width = image.shape[:2]
        size = self.run.schedule.size
        fit = layout_of(self.run.dataset).fit(self.run.readings.kitti_fit)
        pads = fit == "pad" and width <= size[0] and height <= size[1]
        fitted = fit_image(image, size, "pad" if pads else "resize")
        valid_size = tf.constant([(width, height) if pads else size], tf.int32)
        batch = self.preparation({"left": tf.constant(fitted[None]), "valid_size": valid_size})
        maps = self._predictor(batch, tf.constant([width, height], tf.int32), self._statistics)
        if pads:
            maps = {name: values[:, :height, :width] for name, values in maps.items()}
            fitted = fitted[:height, :width]
        statistics = self.preparation.statistics
        return {task.name: task.native(maps, image, fitted, statistics) for task in named(self.run.tasks)}
