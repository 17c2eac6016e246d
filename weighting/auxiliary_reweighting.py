"""Auxiliary reweighting: the sum of the auxiliary gradients approaches the main one."""

import keras
from keras import ops

from selfsup_segmentation.weighting.gradient import GradientWeighting
from selfsup_segmentation.weighting.moving_average import MovingAverage


@keras.saving.register_keras_serializable("weighting")
class AuxiliaryReweighting(GradientWeighting):
    """ARML of Shi et al., "Auxiliary Task Reweighting for Minimum-data Learning" (NeurIPS 2020, arXiv
    2010.08244).

    The weights α approach the minimum of ``‖g̃_1 − Σ_k α_k g̃_k‖²`` subject to ``α_k ≥ 0`` and ``Σ_k α_k = K
    − 1``, where K is the number of tasks, by one projected gradient step ``α ← Π(α − η ∇)`` every
    ``interval`` steps. ``g̃_k = g_k / n_k`` is divided by ``n_k = √(v_k + ε)`` with v_k the bias-corrected
    moving average of ``‖g_k‖²`` with decay β. The factors are ``c_1 = 1`` and ``c_k = α_k n_1 / n_k``. State:
    α, v and the steps.

    Deviations: the authors' code differentiates through the gradients with a second backward pass, while the
    inner products give the same derivative of α in closed form; it does not normalize the gradients, so that
    there the result depends on the unit of a loss; the noise that the paper adds to the gradients for its
    Langevin dynamics is left out. A second public implementation has no projection and no ``Σ α``.

    Args:
        tasks, primary: see `GradientWeighting`.
        rate: η > 0; steps converge below ``1 / (K − 1)``.
        interval: steps between updates of α, at least 1.
        beta: β in 0..1, without 1.
        epsilon: ε > 0.

    Raises:
        ValueError: a number is outside its range.

    Example:
        >>> reweighting = AuxiliaryReweighting(["seg", "color", "depth"], rate=0.25)
        >>> [round(float(c), 3) for c in reweighting([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])]
        [1.0, 1.25, 0.75]
    """

    def __init__(self, tasks, primary="seg", rate=0.1, interval=20, beta=0.999, epsilon=1e-8, **kwargs):
        super().__init__(tasks, primary, **kwargs)
        if not (rate > 0 and interval >= 1 and epsilon > 0):
            raise ValueError(f"rate, interval and epsilon are positive, not {rate}, {interval}, {epsilon}")
        self.rate, self.interval, self.epsilon = float(rate), int(interval), float(epsilon)
        self.squares = MovingAverage(len(self.tasks), beta)
        self.alpha = self.add_state("alpha", (len(self.tasks) - 1,), "ones")
        self.age = self.add_state("age")  # steps since the last update

    def rule(self, gram, losses):
        """See the class."""
        lengths = ops.sqrt(self.squares.update(ops.diagonal(gram)) + self.epsilon)
        normalized = gram / (lengths[:, None] * lengths[None])
        alpha = ops.convert_to_tensor(self.alpha)
        slope = 2 * (ops.sum(normalized[1:, 1:] * alpha, axis=1) - normalized[1:, 0])
        due = ops.equal(self.age, 0.0)
        alpha = ops.where(due, project(alpha - self.rate * slope, len(self.tasks) - 1.0), alpha)
        self.alpha.assign(alpha)
        self.age.assign(ops.mod(self.age + 1.0, float(self.interval)))
        return ops.concatenate([ops.ones(1), alpha * lengths[0] / lengths[1:]])


def project(vector, total):
    """Nearest vector with entries ≥ 0 that sum up to ``total`` > 0 (Duchi et al., ICML 2008).

    Args:
        vector: float32 ``[n]``.
        total: sum.
    """
    if vector.shape[0] == 0:
        return vector
    descending = ops.flip(ops.sort(vector))
    counts = ops.arange(1, vector.shape[0] + 1, dtype="float32")
    return ops.maximum(vector - ops.max((ops.cumsum(descending) - total) / counts), 0.0)
