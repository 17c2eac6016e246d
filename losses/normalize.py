"""Division by N, the last step of every loss."""

import tensorflow as tf


def divide(total, count):
    """``total / count``; 0 if ``count`` is 0.

    If a batch is split among replicas (`tf.distribute`), ``count`` is replaced by its mean over the replicas,
    so that the mean of the replicas' losses is the loss of the complete batch.

    Args:
        total: scalar, sum of the loss over the pixels that count.
        count: scalar, number of these pixels, or sum of their weights.

    Returns:
        float32 scalar.
    """
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        count = replica.all_reduce(tf.distribute.ReduceOp.MEAN, count)
    return tf.math.divide_no_nan(total, count)
