"""Primary-constrained descent: along the main gradient, with a little progress for every auxiliary task."""

import itertools

import keras
from keras import ops

from selfsup_segmentation.weighting.gradient import GradientWeighting
from selfsup_segmentation.weighting.moving_average import MovingAverage

MOST = 4  # auxiliary tasks: the sets of active constraints double with each
DEPENDENT = 1.2e-6  # ten float32 roundings: below this share of its square, the rest of a gradient is 0
VIOLATED = 1e-9  # of the largest square


@keras.saving.register_keras_serializable("weighting")
class PrimaryConstrained(GradientWeighting):
    """PCD of Varam et al., "Not All Objectives Are Born Equal: Priority-Constrained Descent for Hierarchical
    Multi-Objective Optimization" (TMLR 2026, arXiv 2606.29521).

    ``min_d ½ ‖d − g̃_1‖²`` subject to ``⟨g̃_k, d⟩ ≥ τ ‖g̃_k‖²`` for each auxiliary task k, where ``g̃_k = s_k
    g_k``, ``s_k = 1 / √(v_k + ε)``, and v_k is the bias-corrected moving average of ``‖g_k‖²`` with decay β.
    The solution is ``d = g̃_1 + Σ_k μ_k g̃_k`` with ``μ_k ≥ 0``. It is rescaled to ``‖g_1‖``::

        c_1 = s_1 ‖g_1‖ / ‖d‖,    c_k = μ_k s_k ‖g_1‖ / ‖d‖

    If no d satisfies all constraints, ``c_1 = 1`` and the others are 0; if ``g_1 = 0`` or ``d = 0``, all are
    0. The problem is solved exactly, by trying every set of active constraints. State: v.

    Deviations: none from the authors' method; the tolerances for dependent gradients are this project's.
    TorchJD's implementation gives the same factors (the tests compare them).

    Args:
        tasks, primary: see `GradientWeighting`; at most four auxiliary tasks.
        tau: τ in 0..1, share of the progress that a step along g̃_k would give task k.
        beta: β in 0..1, without 1.
        epsilon: ε > 0.

    Raises:
        ValueError: a number is outside its range, or there are too many tasks.

    Example:
        >>> constrained = PrimaryConstrained(["seg", "depth"], tau=0.0)
        >>> [round(float(c), 3) for c in constrained([[1.0, -0.6], [-0.6, 1.0]])]
        [1.25, 0.75]
    """

    def __init__(self, tasks, primary="seg", tau=0.02, beta=0.999, epsilon=1e-8, **kwargs):
        super().__init__(tasks, primary, **kwargs)
        if not (0 <= tau <= 1 and epsilon > 0):
            raise ValueError(f"tau is in 0..1 and epsilon positive, not {tau} and {epsilon}")
        if len(self.tasks) > MOST + 1:
            raise ValueError(f"at most {MOST} auxiliary tasks, not {len(self.tasks) - 1}")
        self.tau, self.epsilon = float(tau), float(epsilon)
        self.squares = MovingAverage(len(self.tasks), beta)

    def rule(self, gram, losses):
        """See the class."""
        scales = 1 / ops.sqrt(ops.cast(self.squares.update(ops.diagonal(gram)), "float64") + self.epsilon)
        gram = ops.cast(gram, "float64")
        normalized = gram * scales[:, None] * scales[None]
        weights = ops.concatenate([ops.ones(1, "float64"), multipliers(normalized, self.tau)])
        square = ops.sum(normalized * weights[:, None] * weights[None])
        lengths = weights * ops.sqrt(ops.maximum(ops.diagonal(normalized), 0.0))
        moving = (gram[0, 0] > 0) & (square > DEPENDENT * ops.square(ops.sum(lengths)))
        rescale = ops.sqrt(gram[0, 0] / ops.where(moving, square, 1.0))
        return ops.cast(ops.where(moving, weights * scales * rescale, 0.0), "float32")


def multipliers(gram, tau):
    """Multipliers μ of the constraints, float64 ``[tasks − 1]``; 0 where no direction satisfies all of them.

    Args:
        gram: inner products of the normalized gradients, float64 ``[tasks, tasks]``, the main task first.
        tau: see `PrimaryConstrained`.
    """
    among, count = gram[1:, 1:], gram.shape[0] - 1
    bounds = tau * ops.diagonal(among) - gram[1:, 0]
    tolerance = VIOLATED * ops.max(ops.diagonal(gram))
    result, solved = ops.zeros(count, "float64"), ops.zeros((), "bool")
    sets = (chosen for size in range(count + 1) for chosen in itertools.combinations(range(count), size))
    for chosen in sets:
        solution, regular = _solve(
            [[among[i, j] for j in chosen] for i in chosen], [bounds[i] for i in chosen]
        )
        values = dict(zip(chosen, solution, strict=True))
        zero = ops.zeros((), "float64")
        candidate = ops.stack([values.get(k, zero) for k in range(count)]) if count else result
        slack = ops.sum(among * candidate, axis=1) - bounds
        valid = regular & ops.all(candidate >= 0)
        for k in set(range(count)) - set(chosen):
            valid = valid & (slack[k] >= -tolerance)
        result = ops.where(valid & ~solved, candidate, result)
        solved = solved | valid
    return result


def _solve(rows, right):
    """Solve symmetric equations by elimination; whether the matrix is regular."""
    rows = [[*row, value] for row, value in zip(rows, right, strict=True)]
    squares, regular = [row[i] for i, row in enumerate(rows)], ops.ones((), "bool")
    for i, row in enumerate(rows):
        regular = regular & (row[i] > DEPENDENT * squares[i])
        row[i] = ops.where(regular, row[i], 1.0)
        for below in rows[i + 1 :]:
            factor = below[i] / row[i]
            below[:] = [value - factor * above for value, above in zip(below, row, strict=True)]
    solution = []
    for i, row in reversed(list(enumerate(rows))):
        known = sum(row[i + 1 + k] * value for k, value in enumerate(solution))
        solution.insert(0, (row[-1] - known) / row[i])
    return solution, regular
