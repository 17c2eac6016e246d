"""Equal weights after normalization: the baseline of every weighting."""

import keras

from selfsup_segmentation.weighting.base import TaskWeighting
from selfsup_segmentation.weighting.moving_average import MovingAverage


@keras.saving.register_keras_serializable("weighting")
class EqualAfterNormalization(TaskWeighting):
    """``w_k = 1 / mean(L_k)``: every loss is divided by its running mean, so that it is about 1.

    The mean is the bias-corrected moving average of the losses, with decay β, including the step itself. No
    paper; a method that does not surpass it has only found the units of the losses. It treats tasks as
    equals, and needs no further backward pass. State: the averages.

    Args:
        tasks: names of the tasks.
        beta: β in 0..1, without 1.

    Raises:
        ValueError: β is outside its range.

    Example:
        >>> weighting = EqualAfterNormalization(["seg", "depth"])
        >>> round(float(weighting({"seg": 2.0, "depth": 0.01})), 4)
        2.0
    """

    SMALLEST = 1e-8  # mean loss

    def __init__(self, tasks, beta=0.99, **kwargs):
        super().__init__(tasks, **kwargs)
        self.means = MovingAverage(len(self.tasks), beta)

    def observe(self, losses):
        """Add the losses of a step, float32 ``[tasks]``."""
        self.means.update(losses)

    def task_weights(self):
        """Reciprocals of the mean losses, float32 ``[tasks]``; 1 before the first step."""
        return 1 / (self.means.current() + self.SMALLEST)
