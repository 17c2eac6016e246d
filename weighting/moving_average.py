"""Moving average of a vector over the steps, in Keras weights."""

import keras


class MovingAverage(keras.layers.Layer):
    """Exponential moving average ``a ← β a + (1 − β) v``, divided by ``1 − β^t``: unbiased from the first
    step.

    Args:
        size: length of the vector.
        beta: β in 0..1, without 1; the average covers about ``1 / (1 − β)`` steps.

    Raises:
        ValueError: β is outside its range.
    """

    def __init__(self, size, beta):
        super().__init__(dtype="float32")
        if not 0 <= beta < 1:
            raise ValueError(f"beta is in 0..1, without 1, not {beta}")
        self.beta = float(beta)
        # Equal on all replicas, because the values that enter are.
        state = {"initializer": "zeros", "trainable": False, "aggregation": "only_first_replica"}
        self.sums = self.add_weight(shape=(size,), name="sums", **state)
        self.share = self.add_weight(shape=(), name="share", **state)  # of the steps so far: 1 − β^t
        self.built = True

    def update(self, values):
        """Add the values of a step, float32 ``[size]``; returns the average, float32 ``[size]``."""
        sums = self.beta * self.sums + (1 - self.beta) * values
        share = self.beta * self.share + (1 - self.beta)
        self.sums.assign(sums)
        self.share.assign(share)
        return sums / share

    def current(self):
        """The average, float32 ``[size]``; 1 before the first step."""
        started = keras.ops.convert_to_tensor(self.share) > 0
        return keras.ops.where(started, self.sums / keras.ops.where(started, self.share, 1.0), 1.0)
