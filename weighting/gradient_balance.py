"""Gradient balance: auxiliary gradients get about the length of the main one."""

import keras
from keras import ops

from selfsup_segmentation.weighting.gradient import GradientWeighting, norms_and_cosines
from selfsup_segmentation.weighting.moving_average import MovingAverage


@keras.saving.register_keras_serializable("weighting")
class GradientBalance(GradientWeighting):
    """MetaBalance of He et al., "Improving Multi-Task Recommendations via Adapting Gradient Magnitudes of
    Auxiliary Tasks" (WWW 2022, arXiv 2203.06801).

    ``c_k = r · m_1 / m_k + (1 − r)`` and ``c_1 = 1``, where m_k is the moving average of the norm ``‖g_k‖``
    with decay β, and r the relax factor: 0 leaves the gradients as they are, 1 gives all of them the norm of
    the main one. With 1 the unit of a loss does not matter; below, a share 1 − r of a much longer gradient
    stays as long as it was. State: the averages.

    Deviations: one norm over all shared variables, where the authors' code balances each tensor alone; where
    ``m_k = 0`` the factor is 1, where their code divides by zero. Their averages start at 0 without a
    correction, which cancels in the quotient.

    Args:
        tasks, primary: see `GradientWeighting`.
        relax: r in 0..1; the authors' default is 0.7.
        beta: β in 0..1, without 1.

    Raises:
        ValueError: a number is outside its range.

    Example:
        >>> balance = GradientBalance(["seg", "depth"], relax=0.5)
        >>> [float(c) for c in balance([[4.0, 0.0], [0.0, 0.0625]])]
        [1.0, 4.5]
    """

    def __init__(self, tasks, primary="seg", relax=0.7, beta=0.9, **kwargs):
        super().__init__(tasks, primary, **kwargs)
        if not 0 <= relax <= 1:
            raise ValueError(f"the relax factor is in 0..1, not {relax}")
        self.relax, self.norms = float(relax), MovingAverage(len(self.tasks), beta)

    def rule(self, gram, losses):
        """See the class."""
        means = self.norms.update(norms_and_cosines(gram)[0])
        ratio = ops.where(means > 0, means[0] / ops.where(means > 0, means, 1.0), 1.0)
        return ops.concatenate([ops.ones(1), self.relax * ratio[1:] + (1 - self.relax)])
