"""Dynamic weight average: tasks whose loss decreases slowly get larger weights."""

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.weighting.base import TaskWeighting


@keras.saving.register_keras_serializable("weighting")
class DynamicWeightAverage(TaskWeighting):
    """Dynamic weight average of Liu, Johns and Davison (CVPR 2019), reference [32] of the paper.

    ``weight_k(t) = K · softmax_k(r_k(t-1) / T)`` with ``r_k(t-1) = L_k(t-1) / L_k(t-2)``, where K is the
    number of tasks and L_k(t) the mean unweighted training loss of task k in epoch t. The weights are 1 in
    the first two epochs and always sum to K. If L_k(t-2) is 0, the ratio r_k is 1.

    Args:
        tasks: names of the tasks.
        temperature: T > 0; larger values make the weights more uniform.

    Raises:
        ValueError: the temperature is not positive.
    """

    def __init__(self, tasks, temperature=2.0, **kwargs):
        super().__init__(tasks, **kwargs)
        if not temperature > 0:
            raise ValueError(f"the temperature must be positive, not {temperature}")
        self.temperature = float(temperature)
        state = {"shape": (len(self.tasks),), "trainable": False}
        self.factors = self.add_weight(initializer="ones", name="factors", **state)
        self.last_losses = self.add_weight(initializer="zeros", name="last_losses", **state)
        self.epochs = self.add_weight(
            shape=(), initializer="zeros", trainable=False, dtype="int32", name="epochs"
        )

    def task_weights(self):
        """Weights of the current epoch, float32 ``[tasks]``."""
        return tf.convert_to_tensor(self.factors)

    def end_epoch(self, mean_losses):
        """Set the weights of the next epoch from the mean losses of this epoch and of the previous one."""
        losses = np.array([float(mean_losses[task]) for task in self.tasks])
        previous, epochs = map(keras.ops.convert_to_numpy, (self.last_losses, self.epochs))
        if epochs >= 1:
            ratio = np.divide(losses, previous, out=np.ones_like(losses), where=previous > 0)
            exponentials = np.exp((ratio - ratio.max()) / self.temperature)
            self.factors.assign(len(losses) * exponentials / exponentials.sum())
        self.last_losses.assign(losses)
        self.epochs.assign_add(1)
