import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.models.encoder import unet
from selfsup_segmentation.models.upsampling import BroadcastUpSampling2D


def outputs_and_gradient(layer):
    """A function of images, with a graph that knows as much of their shape as its signature says."""

    def both(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
            numbers = tf.range(tf.cast(tf.size(outputs), tf.float32))
            weights = tf.sin(tf.reshape(numbers, tf.shape(outputs)))  # not the same for any two pixels
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * weights)
        return outputs, tape.gradient(loss, images)

    return both


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 1, 1, 1), (3, 8, 16, 32)])
@pytest.mark.parametrize("size", [(2, 2), (1, 3), (4, 2)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_outputs_and_gradients_are_those_of_keras_to_the_bit(shape, size, dtype):
    images = tf.cast(np.random.default_rng(0).standard_normal(shape), dtype)
    found = []
    for kind in (keras.layers.UpSampling2D, BroadcastUpSampling2D):
        both = tf.function(outputs_and_gradient(kind(size, dtype=dtype)))
        found.append(both(images))
    for theirs, ours in zip(*found, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize("known", [(None, None, None, 3), (None, 4, 6, 3), (2, None, 6, 3), (2, 4, 6, 3)])
def test_whatever_is_known_of_the_shape(known):
    images = tf.reshape(tf.range(2.0 * 4 * 6 * 3), (2, 4, 6, 3))
    both = outputs_and_gradient(BroadcastUpSampling2D(2))
    traced = tf.function(both, input_signature=[tf.TensorSpec(known, tf.float32)])
    for eager, ours in zip(both(images), traced(images), strict=True):
        np.testing.assert_array_equal(eager, ours)
    np.testing.assert_array_equal(traced(images)[0], np.repeat(np.repeat(images, 2, 1), 2, 2))


@pytest.mark.parametrize(
    "options",
    [{"interpolation": "bilinear"}, {"interpolation": "bicubic"}, {"data_format": "channels_first"}],
)
def test_other_options_are_computed_by_keras(options):
    images = tf.cast(np.random.default_rng(0).standard_normal((2, 3, 4, 5)), "float32")
    theirs = keras.layers.UpSampling2D(2, **options)(images)
    np.testing.assert_array_equal(theirs, BroadcastUpSampling2D(2, **options)(images))


def test_nothing_keeps_a_graph_of_it_alive():
    def graph():
        both = tf.function(outputs_and_gradient(BroadcastUpSampling2D(2)))
        return weakref.ref(both.get_concrete_function(tf.zeros((1, 2, 2, 1))).graph)

    gone = graph()
    gc.collect()
    assert gone() is None


def test_the_layer_survives_its_configuration():
    layer = BroadcastUpSampling2D((2, 3), name="up")
    again = BroadcastUpSampling2D.from_config(layer.get_config())
    assert (again.size, again.interpolation, again.name) == ((2, 3), "nearest", "up")


@pytest.mark.parametrize("fused", [True, False])
def test_a_decoder_has_five_of_them_or_of_keras(fused):
    layers = [layer for layer in unet(1, fused=fused).layers if isinstance(layer, keras.layers.UpSampling2D)]
    assert len(layers) == 5
    assert all(
        type(layer) is (BroadcastUpSampling2D if fused else keras.layers.UpSampling2D) for layer in layers
    )
