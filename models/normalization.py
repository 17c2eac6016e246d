"""BatchNorm statistics of the shared encoder, one set for each input stream.

In training BatchNorm uses the statistics of the batch, but at evaluation the moving statistics, and those of
an encoder that was called on Lab images and on grey ones lie between the two and fit neither. Moving
statistics never enter the training computation, so estimating them again for each stream changes no weight.
"""

import contextlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError


def batch_norm_layers(model):
    """The BatchNormalization layers of a model, in a fixed order."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def get_statistics(encoder):
    """Moving means and variances of an encoder, a list of arrays: mean and variance layer by layer."""
    return [
        keras.ops.convert_to_numpy(value).copy()
        for layer in batch_norm_layers(encoder)
        for value in (layer.moving_mean, layer.moving_variance)
    ]


def set_statistics(encoder, statistics):
    """Assign what `get_statistics` returned."""
    variables = [
        v for layer in batch_norm_layers(encoder) for v in (layer.moving_mean, layer.moving_variance)
    ]
    for variable, value in zip(variables, statistics, strict=True):
        variable.assign(value)


@contextlib.contextmanager
def _momentum(layers, value):
    kept = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = value
    try:
        yield
    finally:
        for layer, momentum in zip(layers, kept, strict=True):
            layer.momentum = momentum


def statistics_estimator(encoder):
    """Averages the batch statistics of an encoder over many batches; one graph serves every call.

    Args:
        encoder: of a multi-task model; each call leaves it as it was.

    Returns:
        Function of an iterable of what the encoder sees (``[B, H, W, 3]``, from
        `models.multitask.encoder_input`) that returns statistics as `get_statistics` does. Where there is no
        batch it raises ValueError.
    """
    layers = batch_norm_layers(encoder)

    @tf.function(reduce_retracing=True, autograph=False)
    def accumulate(images, momentum):
        with _momentum(layers, momentum):  # k/(k+1) turns the moving average into the plain mean
            encoder(images, training=True)

    def estimate(batches):
        seen = 0
        with statistics_of(encoder, None):  # puts its own back
            for images in batches:
                accumulate(images, tf.constant(seen / (seen + 1), tf.float32))
                seen += 1
            if not seen:
                raise ValueError("BatchNorm statistics need at least one batch")
            return get_statistics(encoder)

    return estimate


@contextlib.contextmanager
def statistics_of(encoder, statistics):
    """Within this context the encoder evaluates with the given statistics; None leaves its own."""
    kept = get_statistics(encoder)
    try:
        if statistics is not None:
            set_statistics(encoder, statistics)
        yield
    finally:
        set_statistics(encoder, kept)


def save_statistics(path, by_stream):
    """Write statistics of several streams, dict of stream to list of arrays, as one ``.npz`` file."""
    arrays = {f"{stream}/{i:03d}": a for stream, values in by_stream.items() for i, a in enumerate(values)}
    np.savez(path, **arrays)


def load_statistics(path):
    """Read what `save_statistics` wrote; nothing is unpickled.

    Raises:
        InputError: the file is something else.
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
