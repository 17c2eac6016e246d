"""What a network predicts of single images, with the BatchNorm statistics of each input stream."""

import contextlib

import tensorflow as tf

from selfsup_segmentation.data.pipeline import ordered_batches
from selfsup_segmentation.experiments.tasks import by_stream, named
from selfsup_segmentation.models.multitask import only
from selfsup_segmentation.models.normalization import statistics_of


class Predictor:
    """Predicts single images; a graph for each input stream is traced once and serves every call.

    Args:
        model: from `models.build_multitask_unet`.
        tasks: those to predict.
        readings: `experiments.readings.Readings` of the run.
    """

    def __init__(self, model, tasks, readings):
        self._encoder, self.tasks = model.get_layer("encoder"), by_stream(tasks)
        self.graphs = {
            stream: _graph(only(model, tasks), tasks, readings) for stream, tasks in self.tasks.items()
        }

    @contextlib.contextmanager
    def stream(self, name, statistics=None):
        """Within this context the encoder has the BatchNorm statistics of an input stream.

        Args:
            name: ``lab`` or ``gray``.
            statistics: by stream, see `models.normalization`; None for the network's own.

        Yields:
            Function of a prepared batch of one and its native (width, height) that returns the tasks' maps as
            a dict of arrays ``[1, H, W, …]``, see `experiments.tasks.task.Task.maps`.
        """
        with statistics_of(self._encoder, statistics and statistics[name]):
            yield lambda *image: {key: maps.numpy() for key, maps in self.graphs[name](*image).items()}

    def __call__(self, batch, native_size, statistics=None):
        """Predict the tasks of all streams of one image; arguments and result as for `stream`."""
        maps = {}
        for name in self.tasks:
            with self.stream(name, statistics) as predict:
                maps |= predict(batch, native_size)
        return maps

    def images(self, cache, preparation, indices=None, statistics=None):
        """Predict images of a cache, all or those at some indices, in order.

        Yields:
            The maps of one image.
        """
        chosen = range(len(cache)) if indices is None else indices
        batches = ordered_batches(cache, preparation, indices=chosen)
        for index, batch in zip(chosen, batches, strict=True):
            yield self(batch, cache.native_sizes[index], statistics)


def _graph(part, tasks, readings):
    """Compile the prediction of some tasks for single images."""

    @tf.function(reduce_retracing=True, autograph=False)
    def predict(batch, native_size):
        logits = part(batch, training=False)
        maps = {}
        for task in named(tasks):
            maps |= task.maps(logits[task.name], batch["mask"], native_size, readings)
        return maps

    return predict
