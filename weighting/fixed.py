"""Fixed weights, as in the paper's grid search."""

import keras
import tensorflow as tf

from selfsup_segmentation.weighting.base import TaskWeighting


@keras.saving.register_keras_serializable("weighting")
class FixedWeights(TaskWeighting):
    """``L_total = Σ_k λ_k L_k`` with constant λ (Eq. 5, section 4.1).

    The paper's grid search fixes the weight of segmentation at 1 and selects the others from 0.1, 1, 10, 100.
    Weights are named after their tasks, because the paper numbers λ in two different orders.

    Args:
        weights: dict of task name to constant weight, ≥ 0.

    Raises:
        ValueError: a weight is negative.
    """

    def __init__(self, weights, **kwargs):
        super().__init__(weights, **kwargs)
        self.factors = {task: float(weight) for task, weight in weights.items()}
        if min(self.factors.values()) < 0:
            raise ValueError(f"weights must not be negative: {self.factors}")

    def task_weights(self):
        """Constant weights, float32 ``[tasks]``."""
        return tf.constant([self.factors[task] for task in self.tasks], tf.float32)
