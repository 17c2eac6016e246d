"""The division by N at the end of every loss."""

import tensorflow as tf


def divide(total, count):
    """``total / count``; 0 where nothing counts.

    Where a batch is spread over replicas (`tf.distribute`), N is that of the whole batch, not of a replica's
    share: the mean of the replicas' losses is then the loss of the batch.

    Args:
        total: sum over the pixels that count, a scalar.
        count: number of these pixels, or sum of their weights, a scalar.

    Returns:
        float32 scalar.
    """
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        count = replica.all_reduce(tf.distribute.ReduceOp.MEAN, count)
    return tf.math.divide_no_nan(total, count)
