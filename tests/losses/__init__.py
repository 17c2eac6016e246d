"""Every loss beside its equation and other implementations."""

import tensorflow as tf


def value_and_gradient(loss, point):
    """Value of a function of one tensor, and its gradient there, as numpy array."""
    point = tf.constant(point)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = loss(point)
    return float(value), tape.gradient(value, point).numpy()
