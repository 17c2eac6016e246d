"""Use a task weighting in the ``fit`` of Keras."""

import keras
import tensorflow as tf
from keras.src.trainers.compile_utils import CompileLoss  # what `compile` makes of its losses; not exported


@keras.saving.register_keras_serializable("weighting")
class WeightedModel(keras.Model):
    """Keras model whose task losses are combined by a `TaskWeighting` in ``fit``.

    With weights of 1 it trains as ``network.compile(optimizer, losses)`` would. The parameters of
    `UncertaintyWeighting` are trained with the network; `DynamicWeightAverage` receives the mean losses after
    each epoch of ``fit``. The network remains a separate model, which can be saved and used alone. Create
    both in the scope of the strategy that trains them.

    Args:
        network: ``keras.Model``. Its outputs are a dict of task name to tensor, a list or tuple of tensors
            with the tasks as ``output_names``, or the tensor of a single task.
        weighting: `TaskWeighting` with the same tasks.
        losses: dict of task name to a loss as ``compile`` takes it: a name, a ``keras.losses.Loss`` that
            returns a scalar, or a function of (target, output), whose values of any shape are averaged.
            Targets have the structure of the outputs.

    Raises:
        ValueError: `losses` and `weighting` have different tasks.

    Example:
        >>> model = WeightedModel(network, UncertaintyWeighting(["seg", "depth"]), losses)
        >>> model.compile("adam")
        >>> model.fit(images, {"seg": labels, "depth": disparities}, epochs=3)
    """

    def __init__(self, network, weighting, losses, **kwargs):
        super().__init__(dtype=network.dtype_policy, **kwargs)
        if set(losses) != set(weighting.tasks):
            raise ValueError(f"the weighting is for {weighting.tasks}, the losses for {tuple(losses)}")
        self.network, self.weighting, self.losses_by_task = network, weighting, dict(losses)
        # A single output is that of the single task, whatever its name in the network.
        self.output_names = list(losses) if len(losses) == 1 else getattr(network, "output_names", None)
        self._parts = {
            task: CompileLoss(
                {other: _vector(loss) if other == task else None for other in losses},
                output_names=self.output_names,
            )
            for task, loss in losses.items()
        }
        self.means = {task: keras.metrics.Mean(name=f"{task}_loss") for task in losses}
        self.built = network.built

    def call(self, inputs, training=None):
        """Outputs of the network."""
        return self.network(inputs, training=training)

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, *args, **kwargs):
        """``keras.Model.compile``, except that losses and weights are those of the model.

        Raises:
            ValueError: `loss` or `loss_weights` is given.
        """
        if loss is not None or loss_weights is not None:
            raise ValueError("losses and weighting are arguments of WeightedModel, not of compile")
        super().compile(optimizer, None, None, *args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Weighted total of the losses, plus the losses of layers (regularizers, ``add_loss``).

        ``<task>_loss`` of the history is the unweighted mean of a task's loss.
        """
        # First: where a loss synchronizes the replicas, `self.losses` becomes that of another replica.
        added = super().compute_loss(x, y, y_pred, sample_weight, training) if self.losses else 0.0
        # Keras divides each loss by the number of replicas, whose gradients are summed. The weighting
        # receives undivided losses, so that its penalty keeps its proportion.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        losses = {task: part(y, y_pred, sample_weight) * replicas for task, part in self._parts.items()}
        for task, loss in losses.items():
            self.means[task].update_state(loss, sample_weight=keras.tree.flatten(y_pred)[0].shape[0])
        return self.weighting(losses) / replicas + added

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, *args, **kwargs):
        """``keras.Model.fit``; the weighting also receives the mean losses of every epoch."""
        given = keras.tree.flatten(getattr(callbacks, "callbacks", callbacks) or [])
        return super().fit(x, y, batch_size, epochs, verbose, [_EndEpoch(), *given], *args, **kwargs)

    def get_config(self):
        """Configuration, so that the model can be saved."""
        parts = {"network": self.network, "weighting": self.weighting, "losses": self.losses_by_task}
        return {"name": self.name} | parts

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Model with the configuration `config`."""
        return cls(**keras.saving.deserialize_keras_object(config, custom_objects=custom_objects))

    def compile_from_config(self, config):
        """Compile as the saved model was, which Keras leaves to a class with its own ``compile``."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)


def _vector(loss):
    """`loss`; the scalars of a function as a vector, because Keras divides only vectors by the replicas."""
    if not callable(loss) or isinstance(loss, keras.losses.Loss):
        return loss

    def function(target, output):
        value = loss(target, output)
        return value if value.shape.rank else value[None]

    return function


class _EndEpoch(keras.callbacks.Callback):
    """First of all callbacks: those that save the model save the weights of the next epoch."""

    def on_epoch_end(self, epoch, logs=None):
        tasks = self.model.weighting.tasks
        self.model.weighting.end_epoch({task: logs[f"{task}_loss"] for task in tasks})
