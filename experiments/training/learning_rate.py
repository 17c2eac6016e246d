"""Learning rate schedules, from the initial value that section 4.1 of the paper gives."""

import keras
import numpy as np
import tensorflow as tf

FACTOR = 0.1  # and a patience of a tenth of 100 epochs, as by default in Keras' ReduceLROnPlateau


class LearningRate(tf.Module):
    """A schedule whose state is in TensorFlow variables, so that a resumed run continues it.

    ``plateau`` equals Keras' ReduceLROnPlateau without a ``min_delta``, whose state is in no checkpoint.

    Args:
        kind: ``constant``; ``poly`` for ``rate * (1 - step/steps)^0.9``; ``plateau`` for a tenth whenever the
            sum of the unweighted training losses has not fallen for a tenth of all epochs.
        rate: initial rate, > 0.
        epochs, steps: length of the run.
    """

    def __init__(self, kind, rate, epochs, steps):
        super().__init__()
        self.kind, self.patience = kind, max(1, epochs // 10)
        self.initial = rate
        if kind == "poly":
            self.initial = keras.optimizers.schedules.PolynomialDecay(rate, steps, 0.0, power=0.9)
        self.best = tf.Variable(float("inf"), trainable=False)
        self.waited = tf.Variable(0, dtype=tf.int64, trainable=False)

    def of_last_step(self, optimizer):
        """The rate of the optimizer's last step, float."""
        if self.kind == "poly":
            return float(self.initial(optimizer.iterations - 1))
        return float(keras.ops.convert_to_numpy(optimizer.learning_rate))  # also of a mirrored variable

    def end_epoch(self, optimizer, loss):
        """Change the optimizer's rate after an epoch with this mean training loss."""
        if self.kind != "plateau":
            return
        loss = np.float32(loss)  # a difference beyond its digits is no decrease
        if loss < self.best.numpy():
            self.best.assign(loss)
            self.waited.assign(0)
            return
        self.waited.assign_add(1)
        if int(self.waited) >= self.patience:
            optimizer.learning_rate.assign(FACTOR * self.of_last_step(optimizer))
            self.waited.assign(0)
