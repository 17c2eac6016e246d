"""BatchNorm statistics of the shared encoder, one set per input stream (Lab or grey images).

BatchNorm normalizes with batch statistics in training and with moving statistics at evaluation. If the
encoder was trained on Lab and grey images, its moving statistics average over both and fit neither. Training
does not use moving statistics, so re-estimating them for each stream changes no weight.
"""

import contextlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError


def batch_norm_layers(model):
    """BatchNormalization layers of a model, in the order of its layers."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def get_statistics(encoder):
    """Moving statistics of an encoder: list of arrays ``[C]``, mean and variance of each layer in turn."""
    return [
        keras.ops.convert_to_numpy(value).copy()
        for layer in batch_norm_layers(encoder)
        for value in (layer.moving_mean, layer.moving_variance)
    ]


def set_statistics(encoder, statistics):
    """Set the moving statistics of an encoder to a list as `get_statistics` returns it."""
    variables = [
        v for layer in batch_norm_layers(encoder) for v in (layer.moving_mean, layer.moving_variance)
    ]
    for variable, value in zip(variables, statistics, strict=True):
        variable.assign(value)


@contextlib.contextmanager
def _momentum(layers, value):
    old = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = value
    try:
        yield
    finally:
        for layer, momentum in zip(layers, old, strict=True):
            layer.momentum = momentum


def statistics_estimator(encoder):
    """Make a function that averages the batch statistics of an encoder; its graph is traced once.

    Args:
        encoder: encoder of a multi-task model; the function leaves its statistics unchanged.

    Returns:
        Function of an iterable of encoder inputs ``[B, H, W, 3]`` (from `models.multitask.encoder_input`)
        that returns statistics as `get_statistics` does. It raises ValueError if there is no batch.
    """
    layers = batch_norm_layers(encoder)

    @tf.function(reduce_retracing=True, autograph=False)
    def accumulate(images, momentum):
        with _momentum(layers, momentum):  # k/(k+1) turns the moving average into the plain mean
            encoder(images, training=True)

    def estimate(batches):
        count = 0
        with statistics_of(encoder, None):  # restores the encoder's statistics
            for images in batches:
                accumulate(images, tf.constant(count / (count + 1), tf.float32))
                count += 1
            if not count:
                raise ValueError("BatchNorm statistics need at least one batch")
            return get_statistics(encoder)

    return estimate


@contextlib.contextmanager
def statistics_of(encoder, statistics):
    """Context in which the encoder has the given statistics (None: its own); they are restored afterwards."""
    old = get_statistics(encoder)
    try:
        if statistics is not None:
            set_statistics(encoder, statistics)
        yield
    finally:
        set_statistics(encoder, old)


def save_statistics(path, by_stream):
    """Write the statistics of streams, dict of stream name to list of arrays, to one ``.npz`` file."""
    arrays = {f"{stream}/{i:03d}": a for stream, values in by_stream.items() for i, a in enumerate(values)}
    np.savez(path, **arrays)


def load_statistics(path):
    """Read a file written by `save_statistics`, without unpickling.

    Returns:
        Dict of stream name to list of arrays, see `get_statistics`.

    Raises:
        InputError: the file is damaged or of another kind.
    """
    by_stream = {}
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for key in sorted(arrays):
                by_stream.setdefault(key.split("/")[0], []).append(arrays[key])
    except Exception as error:  # zip and NumPy report damage in many ways, not all of them documented
        reason = str(error).split("\n")[0]
        raise InputError(
            f"{path} does not hold a run's BatchNorm statistics ({reason}); remove its folder to run it "
            "again."
        ) from error
    return by_stream
