"""Soft optimal uncertainty: weights from the losses of the step alone."""

import keras
from keras import ops

from selfsup_segmentation.weighting.base import TaskWeighting


@keras.saving.register_keras_serializable("weighting")
class SoftOptimalUncertainty(TaskWeighting):
    """UW-SO of Kirchdorfer et al., "Analytical Uncertainty-Based Loss Weighting in Multi-Task Learning"
    (GCPR 2024, arXiv 2408.07985).

    ``w_k = softmax_k(1 / (T L_k))`` with the losses L_k of the step, which no gradient passes through. The
    optimum of uncertainty weighting has ``w_k ∝ 1 / L_k``; the softmax over the temperature T keeps a small
    loss from taking everything. The weights sum to 1. It treats tasks as equals, and needs no further
    backward pass. State: the weights of the last step.

    Deviation: the decoders are trained with the weighted losses as well, as in every weighting of losses.

    Args:
        tasks: names of the tasks.
        temperature: T > 0. The paper tunes it for each data set.

    Raises:
        ValueError: the temperature is not positive.

    Example:
        >>> weighting = SoftOptimalUncertainty(["seg", "depth"])
        >>> round(float(weighting({"seg": 1.0, "depth": 0.5})), 4)  # w = softmax(1, 2)
        0.6345
    """

    SMALLEST = 1e-8  # loss

    def __init__(self, tasks, temperature=1.0, **kwargs):
        super().__init__(tasks, **kwargs)
        if not temperature > 0:
            raise ValueError(f"the temperature must be positive, not {temperature}")
        self.temperature = float(temperature)
        count = len(self.tasks)
        self.last = self.add_weight(
            shape=(count,),
            initializer=keras.initializers.Constant(1 / count),
            trainable=False,
            aggregation="only_first_replica",
            name="last",
        )

    def observe(self, losses):
        """Set the weights of this step from its losses, float32 ``[tasks]``."""
        self.last.assign(ops.softmax(1 / (self.temperature * (losses + self.SMALLEST))))

    def task_weights(self):
        """Weights of the last step, float32 ``[tasks]``."""
        return ops.convert_to_tensor(self.last)
