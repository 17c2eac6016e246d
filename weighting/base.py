"""Base class of task weightings."""

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.weighting.engine import over_replicas


class TaskWeighting(keras.layers.Layer):
    """Combine the losses of several tasks into one total: ``Σ_k weight_k · L_k + penalty`` (Eq. 5).

    A weighting is independent of the training loop and of the meaning of the tasks. Call it in every step
    with the losses, and `end_epoch` after every epoch with their means. A subclass overrides `task_weights`
    and, if it needs them, `penalty`, `observe` and `end_epoch`. Its state is held in Keras weights, so that a
    checkpoint of the layer is complete.

    Args:
        tasks: names of the tasks, at least one, without repetition; the order of the weights.

    Example:
        >>> weighting = FixedWeights({"seg": 1.0, "depth": 100.0})
        >>> float(weighting({"seg": 2.0, "depth": 0.01}))
        3.0
    """

    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs | {"dtype": "float32"})
        self.tasks = tuple(tasks)
        if not self.tasks or len(set(self.tasks)) != len(self.tasks):
            raise ValueError(f"a weighting needs at least one task, each named once, not {self.tasks}")
        self.built = True  # all state is made in __init__: it depends on the tasks alone

    def task_weights(self):
        """Factors of the losses in the total, float32 ``[tasks]``, in the order of `tasks`."""
        raise NotImplementedError

    def penalty(self):
        """Scalar that is added to the weighted sum."""
        return 0.0

    def observe(self, losses):
        """Update state before the weights of a training step are computed.

        Args:
            losses: unweighted losses of the step, means over the replicas, float32 ``[tasks]``, constants.
        """

    def __call__(self, losses, **kwargs):
        """See `call`; plain numbers are accepted as well, while Keras requires tensors."""
        tensors = {k: tf.constant(v, tf.float32) if np.isscalar(v) else v for k, v in losses.items()}
        return super().__call__(tensors, **kwargs)

    def call(self, losses, training=True):
        """Compute the total loss.

        Args:
            losses: dict of task name to unweighted loss, a scalar, with exactly the names of `tasks`.
            training: whether the losses are of a training step, which `observe` receives.

        Returns:
            float32 scalar.

        Raises:
            ValueError: the names differ from `tasks`, or a loss is not a scalar.
        """
        if set(losses) != set(self.tasks):
            raise ValueError(f"this weighting is for the tasks {self.tasks}, but got {tuple(losses)}")
        scalars = [tf.cast(losses[task], tf.float32) for task in self.tasks]
        if any(loss.shape.rank for loss in scalars):
            raise ValueError(f"the loss of a task must be a scalar, not {[loss.shape for loss in scalars]}")
        stacked = tf.stack(scalars)
        if training and type(self).observe is not TaskWeighting.observe:
            self.observe(over_replicas(tf.stop_gradient(stacked), "MEAN"))
        return tf.reduce_sum(self.task_weights() * stacked) + self.penalty()

    def current_weights(self):
        """Current weights, dict of task name to Python float."""
        return dict(zip(self.tasks, map(float, keras.ops.convert_to_numpy(self.task_weights())), strict=True))

    def epoch_log(self):
        """What the history of a training holds of an epoch: ``weight_<task>``, dict of floats."""
        return {f"weight_{task}": weight for task, weight in self.current_weights().items()}

    def end_epoch(self, mean_losses):
        """Update state after an epoch.

        Args:
            mean_losses: dict of task name to the mean unweighted training loss of the epoch.
        """

    def reset(self):
        """Forget everything: the state becomes that of a new object."""
        reset_state(self)


def reset_state(layer):
    """Give the variables of a layer the values that they have in a new layer of the same configuration."""
    new = type(layer).from_config(layer.get_config())
    for variable, initial in zip(layer.variables, new.variables, strict=True):
        variable.assign(initial)
