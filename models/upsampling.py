"""Nearest-neighbour upsampling with few ops."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("models")
class BroadcastUpSampling2D(keras.layers.UpSampling2D):
    """UpSampling2D of Keras as two broadcasts; outputs and gradients are bit-identical.

    Keras 3 repeats rows, then columns, which including gradients adds about a hundred nodes to the graph.
    """

    def call(self, inputs):
        """``[B, H, W, C]`` to ``[B, H · rows, W · columns, C]``."""
        if self.interpolation != "nearest" or self.data_format != "channels_last":
            return super().call(inputs)
        (batch, height, width, channels), (rows, columns) = _sizes(inputs), self.size
        # Two broadcasts: the gradient of one along two axes is slow in TensorFlow and sums the pixels of a
        # block in another order. A custom gradient would never release the graph.
        pixels = tf.reshape(inputs, [batch, height, 1, width, 1, channels])
        pixels = tf.broadcast_to(pixels, [batch, height, rows, width, 1, channels])
        pixels = tf.broadcast_to(pixels, [batch, height, rows, width, columns, channels])
        return tf.reshape(pixels, [batch, height * rows, width * columns, channels])


def _sizes(images):
    """Lengths of the axes: Python integers where they are static, else tensors."""
    return [
        tf.shape(images)[axis] if length is None else length
        for axis, length in enumerate(images.shape.as_list())
    ]
