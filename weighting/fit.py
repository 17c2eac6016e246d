"""Use a task weighting in the ``fit`` of Keras."""

import keras
import tensorflow as tf
from keras.src.trainers.compile_utils import CompileLoss  # what `compile` makes of its losses; not exported

from selfsup_segmentation.weighting.engine import replicas
from selfsup_segmentation.weighting.gradient import GradientWeighting


@keras.saving.register_keras_serializable("weighting")
class WeightedModel(keras.Model):
    """Keras model whose task losses, or their gradients, are combined by a weighting in ``fit``.

    With weights of 1 it trains as ``network.compile(optimizer, losses)`` would. The parameters of
    `UncertaintyWeighting` are trained with the network; `DynamicWeightAverage` receives the mean losses after
    each epoch of ``fit``. The network remains a separate model, which can be saved and used alone. Create
    both in the scope of the strategy that trains them. The history has ``<task>_loss``, the unweighted mean
    loss of a task, and what `TaskWeighting.epoch_log` or `GradientWeighting.epoch_log` returns.

    Args:
        network: ``keras.Model``. Its outputs are a dict of task name to tensor, a list or tuple of tensors
            with the tasks as ``output_names``, or the tensor of a single task.
        weighting: `TaskWeighting` or `GradientWeighting` with the same tasks. With the latter ``loss`` of the
            history is the plain sum of all losses, and the losses of layers, such as regularizers, are no
            task: their gradients are added unweighted.
        losses: dict of task name to a loss as ``compile`` takes it: a name, a ``keras.losses.Loss`` that
            returns a scalar, or a function of (target, output), whose values of any shape are averaged.
            Targets have the structure of the outputs.
        shared: what all tasks train, for a `GradientWeighting` alone: the name of a layer of the network,
            such as its encoder, or a list of variables, or of their positions in ``network.variables``.

    Raises:
        ValueError: `losses` and `weighting` have different tasks; `shared` is not given to a
            `GradientWeighting`, or given to another, or none of it is trained.

    Example:
        >>> model = WeightedModel(network, UncertaintyWeighting(["seg", "depth"]), losses)
        >>> model.compile("adam")
        >>> model.fit(images, {"seg": labels, "depth": disparities}, epochs=3)
    """

    def __init__(self, network, weighting, losses, shared=None, **kwargs):
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
        self.shared = shared if shared is None or isinstance(shared, str) else _positions(shared, network)
        if isinstance(weighting, GradientWeighting) != (shared is not None):
            raise ValueError("shared, what all tasks train, is for a GradientWeighting, which needs it")
        if shared is not None and not self._shared_and_own()[0]:
            raise ValueError(f"shared={shared!r}: no variable of it is trained")
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
        """Weighted total of the losses, plus the losses of layers (regularizers, ``add_loss``)."""
        losses, added = self._losses_of_batch(x, y, y_pred, sample_weight, training)
        if isinstance(self.weighting, GradientWeighting):
            total = tf.add_n(list(losses.values()))
        else:
            total = self.weighting(losses, training=training)
        # Gradients of the replicas are summed, so that Keras divides each loss by their number.
        return (total + added) / replicas()

    def _losses_of_batch(self, x, y, y_pred, sample_weight, training):
        """Unweighted losses by task, and the sum of those of layers, on this replica."""
        # Keras divides them by the replicas. The weighting receives undivided ones, so that its penalty keeps
        # its proportion. First those of layers: where a loss synchronizes the replicas, `self.losses` becomes
        # that of another replica.
        layers = super().compute_loss(x, y, y_pred, sample_weight, training) if self.losses else 0.0
        losses = {task: part(y, y_pred, sample_weight) * replicas() for task, part in self._parts.items()}
        for task, loss in losses.items():
            self.means[task].update_state(loss, sample_weight=keras.tree.flatten(y_pred)[0].shape[0])
        return losses, layers * replicas()

    def train_step(self, data):
        """One step of ``fit``; with a `GradientWeighting` its `GradientWeighting.step`."""
        if not isinstance(self.weighting, GradientWeighting):
            return super().train_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = added = None

        def losses():
            nonlocal y_pred, added
            y_pred = self(x, training=True)
            found, added = self._losses_of_batch(x, y, y_pred, sample_weight, True)
            return found | ({None: added} if self.losses else {})

        shared, own = self._shared_and_own()
        scale = self.optimizer.scale_loss(1 / replicas())
        gradients, found = self.weighting.step(losses, shared, own, scale)
        count = tf.shape(keras.tree.flatten(x)[0])[0]
        self._loss_tracker.update_state(tf.add_n(list(found.values())) + added, sample_weight=count)
        self.optimizer.apply(gradients, [*shared, *own])
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def _shared_and_own(self):
        if isinstance(self.shared, str):
            shared = self.network.get_layer(self.shared).trainable_variables
        else:
            shared = [self.network.variables[position] for position in self.shared]
            shared = [variable for variable in shared if variable.trainable]
        of_all = {id(variable) for variable in shared}
        return shared, [each for each in self.network.trainable_variables if id(each) not in of_all]

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, *args, **kwargs):
        """``keras.Model.fit``; the weighting also receives the mean losses of every epoch."""
        given = keras.tree.flatten(getattr(callbacks, "callbacks", callbacks) or [])
        return super().fit(x, y, batch_size, epochs, verbose, [_EndEpoch(), *given], *args, **kwargs)

    def get_config(self):
        """Configuration, so that the model can be saved."""
        parts = {"network": self.network, "weighting": self.weighting, "losses": self.losses_by_task}
        return {"name": self.name, "shared": self.shared} | parts

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Model with the configuration `config`."""
        return cls(**keras.saving.deserialize_keras_object(config, custom_objects=custom_objects))

    def compile_from_config(self, config):
        """Compile as the saved model was, which Keras leaves to a class with its own ``compile``."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)


def _positions(shared, network):
    """Positions in ``network.variables`` of variables, or positions as they are."""
    places = {id(variable): position for position, variable in enumerate(network.variables)}
    try:
        return [each if isinstance(each, int) else places[id(each)] for each in shared]
    except KeyError:
        raise ValueError("shared: a variable is none of the network's") from None


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
        weighting = self.model.weighting
        logs |= weighting.epoch_log()  # for the callbacks behind this one, that of the history too
        weighting.end_epoch({task: logs[f"{task}_loss"] for task in weighting.tasks})
