"""Dynamic weight average: tasks whose loss falls slowly get more weight."""

import numpy as np
import tensorflow as tf

from selfsup_segmentation.weighting.base import TaskWeighting


class DynamicWeightAverage(TaskWeighting):
    """Dynamic weight average of Liu, Johns and Davison (CVPR 2019), reference [32] of the paper.

    ``weight_k(t) = K · softmax_k(r_k(t-1) / T)`` with ``r_k(t-1) = L_k(t-1) / L_k(t-2)``; K tasks, L the mean
    unweighted training loss of an epoch. The weights are 1 in the first two epochs and always sum to K.
    A loss of exactly 0 at t-2 counts as a ratio of 1.

    Args:
        tasks: names of the tasks.
        temperature: T > 0; the larger, the more even the weights.
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
        """The weights of this epoch."""
        return tf.convert_to_tensor(self.factors)

    def end_epoch(self, mean_losses):
        """Set the weights of the next epoch from the mean losses of this one and of the one before."""
        losses = np.array([float(mean_losses[task]) for task in self.tasks])
        if int(self.epochs) >= 1:
            before = np.array(self.last_losses, np.float64)
            ratio = np.divide(losses, before, out=np.ones_like(losses), where=before > 0)
            share = np.exp((ratio - ratio.max()) / self.temperature)
            self.factors.assign(len(losses) * share / share.sum())
        self.last_losses.assign(losses)
        self.epochs.assign_add(1)

    def get_config(self):
        """Configuration, so that a model with this layer can be saved."""
        return super().get_config() | {"temperature": self.temperature}
