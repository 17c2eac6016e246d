"""BatchNormalization that uses TensorFlow's fused kernel."""

import math

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable("models")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """BatchNormalization of Keras in one fused op, with the same weights and names; equal to 1e-5.

    On TensorFlow, Keras 3 composes the layer of about ten ops, each of which reads the feature map. The fused
    op is used for the case of segmentation-models: normalization along the last of four axes, float32
    weights, no mask. All other cases run the code of Keras.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalize ``[B, H, W, C]``: in training with batch statistics, which update the moving ones."""
        fusible = inputs.shape.rank == 4 and self.axis in (-1, 3) and mask is None
        fusible &= self.variable_dtype == "float32" and inputs.dtype == self.compute_dtype
        if not fusible or self.synchronized or self.renorm:
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels)
        offset = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(channels)
        if not (training and self.trainable):
            mean, variance = (
                tf.convert_to_tensor(self.moving_mean),
                tf.convert_to_tensor(self.moving_variance),
            )
            return tf.compat.v1.nn.fused_batch_norm(
                inputs, scale, offset, mean, variance, epsilon=self.epsilon, is_training=False
            )[0]
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, scale, offset, epsilon=self.epsilon, is_training=True
        )
        # The op returns the unbiased variance, Keras averages the biased one.
        variance *= _biased_per_unbiased(inputs)
        old_weight, new_weight = (
            tf.convert_to_tensor(weight, tf.float32) for weight in (self.momentum, 1.0 - self.momentum)
        )
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(tf.convert_to_tensor(moving) * old_weight + batch * new_weight)
        return outputs


def _biased_per_unbiased(inputs):
    """(n − 1) / n, where n = B · H · W is the number of values of each channel of ``[B, H, W, C]``."""
    if inputs.shape.is_fully_defined():  # a constant instead of five nodes in the graph
        count = np.float32(math.prod(inputs.shape[:3]))
    else:
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
    return (count - 1.0) / count
