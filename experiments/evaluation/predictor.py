"""What a network predicts of single images, with the BatchNorm statistics of each input stream."""

import contextlib

import tensorflow as tf

from selfsup_segmentation.data.pipeline import ordered_batches
from selfsup_segmentation.losses import disparity_from_logits
from selfsup_segmentation.models.multitask import by_stream, only
from selfsup_segmentation.models.normalization import statistics_of


class Predictor:
    """Predicts single images; a graph for each input stream is traced once and serves every call.

    Args:
        model: from `models.build_multitask_unet`.
        tasks: those to predict.
        disp_scale: see `experiments.readings.Readings`.
    """

    def __init__(self, model, tasks, disp_scale):
        self._encoder, self.tasks = model.get_layer("encoder"), by_stream(tasks)
        self._graphs = {
            stream: _graph(only(model, tasks), tasks, disp_scale) for stream, tasks in self.tasks.items()
        }

    @contextlib.contextmanager
    def stream(self, name, statistics=None):
        """Within this context the encoder has the BatchNorm statistics of an input stream.

        Args:
            name: ``lab`` or ``gray``.
            statistics: by stream, see `models.normalization`; None for the network's own.

        Yields:
            Function of a prepared batch of one and its native (width, height) that returns a dict of arrays:
            trainIds ``seg_network`` ``[1, H, W]`` and ``seg_native`` ``[1, native H, native W]``, color
            classes ``color`` ``[1, H, W]``, and ``depth`` ``[1, H, W, 1]``, disparity in px of the network's
            image.
        """
        with statistics_of(self._encoder, statistics and statistics[name]):
            yield lambda *image: {key: maps.numpy() for key, maps in self._graphs[name](*image).items()}

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


def _graph(part, tasks, disp_scale):
    """Compile the prediction of some tasks for single images."""

    @tf.function(reduce_retracing=True, autograph=False)
    def predict(batch, native_size):
        logits = part(batch, training=False)
        maps = {}
        if "seg" in tasks:
            width, height = _valid_size(batch["mask"])
            # Logits rather than classes are enlarged, and padding is cut off before.
            native = tf.image.resize(logits["seg"][:, :height, :width], native_size[::-1], "bilinear")
            maps["seg_native"] = classes_of(native)
            maps["seg_network"] = classes_of(logits["seg"])
        if "color" in tasks:
            maps["color"] = classes_of(logits["color"])
        if "depth" in tasks:
            maps["depth"] = disparity_from_logits(logits["depth"], disp_scale)
        return maps

    return predict


@tf.function(jit_compile=True, autograph=False)
def classes_of(logits):
    """Most likely class of each pixel, int32; XLA is far faster at so short a last axis."""
    return tf.argmax(logits, -1, tf.int32)


def _valid_size(mask):
    rows, columns = mask[0, :, 0], mask[0, 0, :]
    return tf.cast(tf.reduce_sum(columns), tf.int32), tf.cast(tf.reduce_sum(rows), tf.int32)
