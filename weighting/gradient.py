"""Base class of weightings for one main task, which weigh gradients instead of losses."""

import keras
from keras import ops

from selfsup_segmentation.weighting.base import reset_state
from selfsup_segmentation.weighting.engine import per_task_gradients


class GradientWeighting(keras.layers.Layer):
    """Combine the gradients of several tasks into one update, in favor of one main task.

    The variables that tasks share, such as those of the encoder, are trained with ``Σ_k c_k g_k``, where g_k
    is the gradient of the unweighted loss of task k with respect to them. The variables of one task alone,
    such as those of its decoder, are trained with the gradient of its loss. The factors c_k depend on the
    matrix of inner products ``G_ij = ⟨g_i, g_j⟩`` alone, and on the losses: a rule knows neither the network
    nor the trainer. `weighting.engine.per_task_gradients` computes the matrix.

    A subclass overrides `rule`. Its state is held in Keras weights that are not trainable, so that a
    checkpoint of the layer is complete; a step whose matrix is not finite leaves the state as it was. Norms,
    cosines and factors are summed up for `epoch_log`.

    Args:
        tasks: names of the tasks, each once.
        primary: name of the main task, one of ``tasks``. It becomes the first of `tasks`.

    Raises:
        ValueError: a task is named twice, or the main task is none of them.
    """

    def __init__(self, tasks, primary="seg", **kwargs):
        super().__init__(**kwargs | {"dtype": "float32"})
        tasks = tuple(tasks)
        if primary not in tasks or len(set(tasks)) != len(tasks):
            raise ValueError(f"each task is named once, and {primary!r} is one of them, unlike {tasks}")
        self.primary = primary
        self.tasks = (primary, *(task for task in tasks if task != primary))
        self.seen = self.add_state("seen", (3, len(tasks)))  # sums of norms, cosines and factors
        self.steps = self.add_state("steps")
        self.built = True

    def add_state(self, name, shape=(), initial="zeros"):
        """Add a float32 weight that is not trainable and equal on all replicas."""
        return self.add_weight(
            shape=shape, initializer=initial, trainable=False, aggregation="only_first_replica", name=name
        )

    def rule(self, gram, losses):
        """Factors of the shared gradients, and update of the state.

        Args:
            gram: inner products of the gradients, float32 ``[tasks, tasks]``, the main task first.
            losses: unweighted losses, float32 ``[tasks]``, in the same order.

        Returns:
            float32 ``[tasks]``.
        """
        raise NotImplementedError

    def __call__(self, gram, losses=None, **kwargs):
        """See `call`; lists of numbers are accepted as well, while Keras requires tensors."""
        losses = [0.0] * len(self.tasks) if losses is None else losses
        tensors = (ops.convert_to_tensor(value, "float32") for value in (gram, losses))
        return super().__call__(*tensors, **kwargs)

    def call(self, gram, losses):
        """Compute the factors of a step.

        Args:
            gram: float32 ``[tasks, tasks]``, in the order of `tasks`.
            losses: unweighted losses, float32 ``[tasks]``; needed only by rules that use them.

        Returns:
            float32 ``[tasks]``; NaN where the matrix is not finite.
        """
        before = [ops.copy(variable) for variable in self.variables]
        factors = self.rule(gram, losses)
        norms, cosines = norms_and_cosines(gram)
        self.seen.assign_add(ops.stack([norms, cosines, factors]))
        self.steps.assign_add(1.0)
        finite = ops.all(ops.isfinite(gram))
        for variable, value in zip(self.variables, before, strict=True):
            variable.assign(ops.where(finite, variable, value))
        return ops.where(finite, factors, float("nan"))

    def step(self, losses, shared, own, scale=1.0):
        """Gradients of a training step; apply them with an optimizer.

        Args:
            losses, shared, own, scale: see `weighting.engine.per_task_gradients`; the losses are those of
                `tasks`, in any order, and the one of no task, if there is one.

        Returns:
            Gradients of ``[*shared, *own]``, a list, and the unweighted losses, a dict.
        """
        found = per_task_gradients(lambda: self._ordered(losses()), shared, own, scale)
        factors = self(found.gram, ops.stack(list(found.losses.values())))
        return found.combined(dict(zip(self.tasks, ops.unstack(factors), strict=True))), found.losses

    def _ordered(self, losses):
        if set(losses) - {None} != set(self.tasks):
            raise ValueError(f"this weighting is for the tasks {self.tasks}, but got {tuple(losses)}")
        return {task: losses[task] for task in [*self.tasks, None] if task in losses}

    def epoch_log(self):
        """Means since the epoch began, dict of floats for each task.

        ``norm_<task>`` of the shared gradient, ``cosine_<task>`` of the angle to that of the main task, and
        ``weight_<task>``, the factor.
        """
        means = ops.convert_to_numpy(self.seen) / max(1.0, float(ops.convert_to_numpy(self.steps)))
        return {
            f"{name}_{task}": float(mean)
            for name, row in zip(("norm", "cosine", "weight"), means, strict=True)
            for task, mean in zip(self.tasks, row, strict=True)
        }

    def current_weights(self):
        """Mean factors since the epoch began, dict of task name to Python float."""
        log = self.epoch_log()
        return {task: log[f"weight_{task}"] for task in self.tasks}

    def end_epoch(self, mean_losses):
        """Begin another epoch; see `TaskWeighting.end_epoch`."""
        self.seen.assign(ops.zeros_like(self.seen))
        self.steps.assign(0.0)

    def reset(self):
        """Forget everything: the state becomes that of a new object."""
        reset_state(self)


def norms_and_cosines(gram):
    """Norms of the gradients and cosines of their angles to the first, from their inner products.

    Args:
        gram: float32 ``[tasks, tasks]``.

    Returns:
        Two tensors, float32 ``[tasks]``; the cosine with a gradient of length 0 is 0.
    """
    norms = ops.sqrt(ops.maximum(ops.diagonal(gram), 0.0))
    lengths = norms[0] * norms
    cosines = ops.where(lengths > 0, gram[0] / ops.where(lengths > 0, lengths, 1.0), 0.0)
    return norms, ops.clip(cosines, -1.0, 1.0)
