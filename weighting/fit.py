"""Use a task weighting in the ``fit`` of Keras."""

import keras


class WeightedModel(keras.Model):
    """Keras model whose task losses are combined by a `TaskWeighting` in ``fit``.

    The parameters of `UncertaintyWeighting` are trained with the network; `DynamicWeightAverage` receives the
    mean losses after each epoch. The network remains a separate model: save and use that one.

    Args:
        network: ``keras.Model`` whose outputs are a dict of task name to tensor.
        weighting: `TaskWeighting` with the same tasks.
        losses: dict of task name to a function of (target, output) that returns a tensor of any shape, which
            is averaged. ``fit`` takes the targets as a dict of task name to tensor.

    Raises:
        ValueError: `losses` and `weighting` have different tasks.

    Example:
        >>> model = WeightedModel(network, UncertaintyWeighting(["seg", "depth"]), losses)
        >>> model.compile("adam")
        >>> model.fit(images, {"seg": labels, "depth": disparities}, epochs=3)
    """

    def __init__(self, network, weighting, losses, **kwargs):
        super().__init__(**kwargs)
        if set(losses) != set(weighting.tasks):
            raise ValueError(f"the weighting is for {weighting.tasks}, the losses for {tuple(losses)}")
        self.network, self.weighting, self.losses_by_task = network, weighting, dict(losses)
        self.means = {task: keras.metrics.Mean(name=f"{task}_loss") for task in weighting.tasks}

    def call(self, inputs, training=None):
        """Outputs of the network, dict of task name to tensor."""
        return self.network(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Weighted total of the losses; ``<task>_loss`` of the history is their unweighted mean."""
        losses = {
            task: keras.ops.mean(loss(y[task], y_pred[task])) for task, loss in self.losses_by_task.items()
        }
        for task, loss in losses.items():
            self.means[task].update_state(loss)
        return self.weighting(losses)

    def fit(self, *args, callbacks=None, **kwargs):
        """``keras.Model.fit``; the weighting also receives the mean losses of every epoch."""
        return super().fit(*args, callbacks=[_EndEpoch(), *(callbacks or ())], **kwargs)


class _EndEpoch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        tasks = self.model.weighting.tasks
        self.model.weighting.end_epoch({task: logs[f"{task}_loss"] for task in tasks})
