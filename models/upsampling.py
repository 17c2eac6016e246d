"""Nearest-neighbour upsampling in few ops."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("models")
class BroadcastUpSampling2D(keras.layers.UpSampling2D):
    """Keras' UpSampling2D by two broadcasts; outputs and gradients are the same to the bit.

    Keras 3 repeats the rows and then the columns, which with the gradients is some hundred nodes of a graph.
    """

    def call(self, inputs):
        """``[B, H, W, C]`` to ``[B, H · rows, W · columns, C]``."""
        if self.interpolation != "nearest" or self.data_format != "channels_last":
            return super().call(inputs)
        (batch, height, width, channels), (rows, columns) = _sizes(inputs), self.size
        # One after the other: TensorFlow is slow at the gradient of a broadcast along two axes, and adds the
        # pixels of a block in another order. A gradient of our own would keep the graph alive for ever.
        pixels = tf.reshape(inputs, [batch, height, 1, width, 1, channels])
        pixels = tf.broadcast_to(pixels, [batch, height, rows, width, 1, channels])
        pixels = tf.broadcast_to(pixels, [batch, height, rows, width, columns, channels])
        return tf.reshape(pixels, [batch, height * rows, width * columns, channels])


def _sizes(images):
    """Lengths of the axes: numbers where they are known before the graph runs."""
    return [
        tf.shape(images)[axis] if length is None else length
        for axis, length in enumerate(images.shape.as_list())
    ]
