"""What every task weighting has in common."""

import keras
import numpy as np
import tensorflow as tf


class TaskWeighting(keras.layers.Layer):
    """Adds the losses of several tasks up to one total: ``Σ_k weight_k · L_k + penalty`` (Eq. 5).

    A weighting knows nothing of the trainer or of what the tasks mean. Call it once a step with the losses,
    `end_epoch` once an epoch with their means. A new weighting overrides `task_weights` and, where it needs
    them, `penalty` and `end_epoch`. Its state is Keras weights, so a checkpoint of the layer holds all of it.

    Args:
        tasks: names of the tasks; they fix the order inside.

    Example:
        >>> weighting = FixedWeights({"seg": 1.0, "depth": 100.0})
        >>> float(weighting({"seg": 2.0, "depth": 0.01}))
        3.0
    """

    def __init__(self, tasks, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.tasks = tuple(tasks)
        if not self.tasks or len(set(self.tasks)) != len(self.tasks):
            raise ValueError(f"a weighting needs at least one task, each named once, not {self.tasks}")
        self.built = True  # all state is made in __init__: it depends on the tasks alone

    def task_weights(self):
        """Factor of every task's loss in the gradient, ``[tasks]``, in the order of `tasks`."""
        raise NotImplementedError

    def penalty(self):
        """What is added to the weighted sum; a scalar."""
        return 0.0

    def __call__(self, losses):
        """See `call`; Keras wants tensors, a person may give plain numbers."""
        tensors = {k: tf.constant(v, tf.float32) if np.isscalar(v) else v for k, v in losses.items()}
        return super().__call__(tensors)

    def call(self, losses):
        """Total loss.

        Args:
            losses: dict of scalars, one for each of `tasks`.

        Returns:
            float32 scalar.

        Raises:
            ValueError: the names differ from `tasks`.
        """
        if set(losses) != set(self.tasks):
            raise ValueError(f"this weighting is for the tasks {self.tasks}, but got {tuple(losses)}")
        stacked = tf.stack([tf.cast(losses[task], tf.float32) for task in self.tasks])
        return tf.reduce_sum(self.task_weights() * stacked) + self.penalty()

    def current_weights(self):
        """The factors now, as a dict of Python floats."""
        return dict(zip(self.tasks, map(float, keras.ops.convert_to_numpy(self.task_weights())), strict=True))

    def end_epoch(self, mean_losses):
        """Tell the weighting the mean unweighted training loss of each task over the epoch that ended."""

    def get_config(self):
        """Configuration, so that a model with this layer can be saved."""
        return {"name": self.name, "tasks": list(self.tasks)}
