"""A weighting in Keras' own ``fit``."""

import keras


class WeightedModel(keras.Model):
    """A network of several outputs whose losses a `TaskWeighting` adds up in ``fit``.

    What `UncertaintyWeighting` learns is trained with the network; what `DynamicWeightAverage` has to know
    is told to it after each epoch. The network stays a model of its own: save and use that.

    Args:
        network: ``keras.Model`` with a dict of outputs by task.
        weighting: `TaskWeighting` of these tasks.
        losses: by task a function of (target, output) that returns a loss, a tensor of any shape: its mean
            counts. Targets come from ``fit`` as a dict by task.

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
        """Outputs of the network."""
        return self.network(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Weighted total of the losses; their unweighted means become ``<task>_loss`` of the history."""
        losses = {
            task: keras.ops.mean(loss(y[task], y_pred[task])) for task, loss in self.losses_by_task.items()
        }
        for task, loss in losses.items():
            self.means[task].update_state(loss)
        return self.weighting(losses)

    def fit(self, *args, callbacks=None, **kwargs):
        """As Keras'; the weighting is told the mean losses of every epoch."""
        return super().fit(*args, callbacks=[_TellWeighting(), *(callbacks or ())], **kwargs)


class _TellWeighting(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        tasks = self.model.weighting.tasks
        self.model.weighting.end_epoch({task: logs[f"{task}_loss"] for task in tasks})
