"""Gradients by task: what a `GradientWeighting` needs of a training step, apart from its rule."""

import dataclasses

import tensorflow as tf


def per_task_gradients(losses, shared, own, scale=1.0):
    """Compute the gradient of each task's loss, each once, and the Gram matrix of the shared ones.

    The cost beyond the gradient of a sum is one backward pass through the shared variables for each further
    task whose loss depends on the same forward pass.

    Args:
        losses: function without arguments that computes the unweighted losses, a dict of task name to scalar.
            A loss that belongs to no task, such as that of regularizers, has the name None: its gradient is
            added to the others', and it is in no other result.
        shared: Keras variables of all tasks, such as those of the encoder; float32.
        own: all other Keras variables that are trained, each of which one loss alone depends on.
        scale: factor of the losses, > 0, scalar: ``optimizer.scale_loss(1 / replicas)`` of a Keras optimizer,
            which keeps small gradients in float16 from being zero. Gradients keep the factor, the Gram matrix
            does not have it, but for the number of replicas.

    Returns:
        `TaskGradients`. On several replicas the gradients are those of this replica, as Keras optimizers
        expect, and Gram matrix and losses those of all.

    Raises:
        ValueError: a variable is in both sets; in neither: several losses depend on one of ``own``; or no
            loss depends on it.
    """
    both = [variable for variable in shared if any(variable is other for other in own)]
    if both:
        raise ValueError(f"shared and a task's own at once: {_names(both)}")
    variables = [*shared, *own]
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        for variable in variables:
            tape.watch(variable.value)
        values = losses()
        with tape.stop_recording():
            factor = tf.convert_to_tensor(scale, tf.float32)
        scaled = {task: tf.cast(loss, tf.float32) * factor for task, loss in values.items()}
    values_of = [variable.value for variable in variables]
    gradients = {task: tape.gradient(loss, values_of) for task, loss in scaled.items()}
    del tape
    values.pop(None, None)
    added = gradients.pop(None, [None] * len(variables))

    count = len(shared)
    for index, variable in enumerate(variables):
        reaching = [task for task, found in gradients.items() if found[index] is not None]
        if not reaching:
            raise ValueError(f"no loss depends on {_names([variable])}")
        if index >= count and len(reaching) > 1:
            raise ValueError(
                f"{_names([variable])} is neither shared nor one task's own: the losses of "
                f"{' and '.join(reaching)} depend on it"
            )
    flat = {task: _flat(found[:count], shared) for task, found in gradients.items()}
    of_own = [
        next(gradient for gradient in found if gradient is not None)
        for found in zip(*(found[count:] for found in gradients.values()), strict=True)
    ]
    return TaskGradients(
        losses={task: over_replicas(loss, "MEAN") for task, loss in values.items()},
        gram=_gram([over_replicas(one, "SUM") / (factor * replicas()) for one in flat.values()]),
        flat=flat,
        own=of_own,
        added=added,
        variables=variables,
        shapes=[tuple(variable.shape) for variable in shared],
    )


@dataclasses.dataclass(frozen=True)
class TaskGradients:
    """Gradients of a step, by task.

    Attributes:
        losses: unweighted losses, dict of task name to scalar, means over the replicas.
        gram: float32 ``[tasks, tasks]``, inner products of the shared gradients, in the order of `losses`.
        flat: shared gradients, dict of task name to float32 ``[weights]``, with the scale of the losses.
        own: gradients of the other variables, each of the one loss that depends on it, scaled likewise.
        added: gradients of the loss of no task, or None, for each of `variables`, scaled likewise.
        variables: shared variables, then the others.
        shapes: shapes of the shared variables.
    """

    losses: dict
    gram: tf.Tensor
    flat: dict
    own: list
    added: list
    variables: list
    shapes: list

    def combined(self, factors):
        """Gradients to apply to `variables`: weighted sums of shared ones, tasks' own, and `added`.

        Args:
            factors: dict of task name to factor of its shared gradient, a scalar.

        Returns:
            List of gradients in the order of `variables`.
        """
        total = tf.add_n([factors[task] * gradient for task, gradient in self.flat.items()])
        parts = tf.split(total, [_size(shape) for shape in self.shapes])
        found = [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)] + self.own
        return [
            gradient if more is None else gradient + more
            for gradient, more in zip(found, self.added, strict=True)
        ]


def replicas():
    """Number of replicas of the current strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def over_replicas(value, how):
    """``SUM`` or ``MEAN`` of a tensor over the replicas; the tensor itself where there is one."""
    if replicas() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(how, value)


def _flat(gradients, shared):
    # One vector: few operations, and one message between devices.
    parts = (
        tf.zeros(_size(variable.shape)) if gradient is None else tf.reshape(gradient, [-1])
        for gradient, variable in zip(gradients, shared, strict=True)
    )
    return tf.concat(list(parts), axis=0)


def _gram(vectors):
    # Not a matrix product, which a GPU may compute with ten bits.
    rows = {(i, j): tf.reduce_sum(vectors[i] * vectors[j]) for i in range(len(vectors)) for j in range(i + 1)}
    return tf.stack([[rows[max(i, j), min(i, j)] for j in range(len(vectors))] for i in range(len(vectors))])


def _size(shape):
    size = 1
    for length in shape:
        size *= length
    return size


def _names(variables):
    return ", ".join(variable.path for variable in variables)
