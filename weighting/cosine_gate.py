"""Cosine gate: an auxiliary task trains the encoder only while it agrees with the main task."""

import keras
from keras import ops

from selfsup_segmentation.weighting.gradient import GradientWeighting, norms_and_cosines


@keras.saving.register_keras_serializable("weighting")
class CosineGate(GradientWeighting):
    """Gradient similarity of Du et al., "Adapting Auxiliary Losses Using Gradient Similarity" (arXiv
    1812.02224).

    With g_1 the gradient of the main task and g_k that of an auxiliary one::

        sign      c_1 = 1,                                      c_k = 1 if ⟨g_1, g_k⟩ > 0 else 0
        cosine    c_1 = 1,                                      c_k = max(0, cos(g_1, g_k))
        project   c_1 = 1 + Σ_k max(0, −⟨g_1, g_k⟩) / ‖g_1‖²,   c_k = 1

    ``sign`` and ``cosine`` are the paper's unweighted and weighted version. ``project`` removes from each g_k
    the part that opposes g_1, as PCGrad does (Yu et al., NeurIPS 2020), but leaves g_1 as it is; with ‖g_1‖ =
    0 nothing is removed. It needs one backward pass through the shared variables for each further task, as
    every rule on gradients, and has no state.

    Deviation: public implementations of the unweighted version differ at ``⟨g_1, g_k⟩ = 0`` only; here the
    gate is closed there.

    Args:
        tasks, primary: see `GradientWeighting`.
        form: ``sign``, ``cosine`` or ``project``.

    Raises:
        ValueError: the form is unknown.

    Example:
        >>> gram = [[1.0, -0.5, 2.0], [-0.5, 1.0, 0.0], [2.0, 0.0, 16.0]]
        >>> [float(c) for c in CosineGate(["seg", "color", "depth"])(gram)]
        [1.0, 0.0, 1.0]
        >>> [float(c) for c in CosineGate(["seg", "color", "depth"], form="cosine")(gram)]
        [1.0, 0.0, 0.5]
        >>> [float(c) for c in CosineGate(["seg", "color", "depth"], form="project")(gram)]
        [1.5, 1.0, 1.0]
    """

    def __init__(self, tasks, primary="seg", form="sign", **kwargs):
        super().__init__(tasks, primary, **kwargs)
        if form not in ("sign", "cosine", "project"):
            raise ValueError(f"the form is sign, cosine or project, not {form!r}")
        self.form = form

    def rule(self, gram, losses):
        """See the class."""
        if self.form == "project":
            opposed = ops.sum(ops.maximum(-gram[0, 1:], 0.0))
            square = gram[0, 0]
            removed = ops.where(square > 0, opposed / ops.where(square > 0, square, 1.0), 0.0)
            return ops.concatenate([ops.reshape(1.0 + removed, (1,)), ops.ones(len(self.tasks) - 1)])
        _, cosines = norms_and_cosines(gram)
        gates = ops.maximum(cosines, 0.0) if self.form == "cosine" else ops.cast(gram[0] > 0, "float32")
        return ops.concatenate([ops.ones(1), gates[1:]])
