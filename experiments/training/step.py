"""The compiled training step."""

import tensorflow as tf

from selfsup_segmentation.weighting import GradientWeighting


def make_train_step(model, weighting, optimizer, objective, progress, jit=False):
    """Compile forward pass, weighted sum of the losses (Eq. 5) or of their gradients, and update.

    Args:
        model, weighting, optimizer, objective: of the run, built in the scope of its strategy.
        progress: `experiments.training.state.Progress`, which receives the losses and their weighted sum;
            their plain sum where the gradients are weighted.
        jit: whether XLA compiles the step; on one device only.

    Returns:
        Function of a batch from `data.pipeline.Preparation`, which is split among the replicas.
    """
    strategy = tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    variables = model.trainable_variables + weighting.trainable_variables
    if isinstance(weighting, GradientWeighting):
        shared = model.get_layer("encoder").trainable_variables
        own = [variable for variable in variables if all(variable is not other for other in shared)]
        variables = [*shared, *own]
    optimizer.build(variables)  # outside the graph: its variables must not be made while tracing

    def step_on_losses(batch):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable.value)
            logits = model(batch, training=True)
            losses = objective(batch, logits)
            total = weighting(losses)
            # The optimizer sums over replicas; in float16 it also keeps small gradients from being zero.
            scaled = optimizer.scale_loss(total / replicas)
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        optimizer.apply(gradients)
        return tf.stack([*losses.values(), total])

    def step_on_gradients(batch):
        gradients, losses = weighting.step(
            lambda: objective(batch, model(batch, training=True)),
            shared,
            own,
            optimizer.scale_loss(1 / replicas),
        )
        optimizer.apply(gradients)
        return tf.stack([losses[task] for task in objective.tasks] + [tf.add_n(list(losses.values()))])

    replica_step = step_on_gradients if isinstance(weighting, GradientWeighting) else step_on_losses
    if jit:
        replica_step = tf.function(replica_step, jit_compile=True, autograph=False)

    @tf.function(reduce_retracing=True, autograph=False)
    def train_step(batch):
        losses = strategy.run(replica_step, args=(batch,))
        progress.add(strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None))

    return train_step
