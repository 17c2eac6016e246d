"""Progress of a run in TensorFlow variables, which the compiled step updates and checkpoints hold."""

import tensorflow as tf


class Progress(tf.Module):
    """Completed steps, sums of the losses since the epoch began, and the first step that was not finite.

    Args:
        names: names of the losses, in order.
    """

    def __init__(self, names):
        super().__init__()
        self.names = tuple(names)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.steps_in_sums = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.sums = tf.Variable(tf.zeros(len(self.names), tf.float64), trainable=False)
        self._bad_step = tf.Variable(-1, dtype=tf.int64, trainable=False)
        self._bad_losses = tf.Variable(tf.zeros(len(self.names), tf.bool), trainable=False)

    def add(self, losses):
        """Count a step with its losses ``[names]``."""
        losses = tf.cast(losses, tf.float64)
        bad = tf.logical_not(tf.math.is_finite(losses))
        is_first = tf.logical_and(self._bad_step < 0, tf.reduce_any(bad))
        self._bad_losses.assign(tf.where(is_first, bad, self._bad_losses))
        self._bad_step.assign(tf.where(is_first, self.step, self._bad_step))
        self.sums.assign_add(losses)
        self.steps_in_sums.assign_add(1)
        self.step.assign_add(1)

    def means(self):
        """Mean losses since the epoch began, dict of floats."""
        means = self.sums.numpy() / max(1, int(self.steps_in_sums))
        return dict(zip(self.names, map(float, means), strict=True))

    def start_epoch(self):
        """Forget the sums."""
        self.sums.assign(tf.zeros_like(self.sums))
        self.steps_in_sums.assign(0)

    def first_bad(self):
        """First step, from 0, with losses that are not finite, and their names; None without one."""
        step = int(self._bad_step)
        if step < 0:
            return None
        flags = self._bad_losses.numpy()
        return step, [name for name, bad in zip(self.names, flags, strict=True) if bad]
