"""The training loop: one compiled step, Keras' callbacks around it, and a state that resumes anywhere."""

import math
import time

import keras
import tensorflow as tf

from data.pipeline import training_batches
from experiments.callbacks import history_callbacks
from experiments.checkpoint import Checkpoints
from experiments.history import truncate_history
from experiments.learning_rate import LearningRate
from experiments.optimizer import Adam

LOG_EVERY = 10  # steps between readings of the losses; each reading waits for the device


class DivergedError(RuntimeError):
    """A loss is no longer finite; the message says which, and when."""


class Progress(tf.Module):
    """Where a run is: steps done, and the sums of the losses since the epoch began.

    Args:
        names: of the losses, in order.
    """

    def __init__(self, names):
        super().__init__()
        self.names = tuple(names)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.steps_in_sums = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.sums = tf.Variable(tf.zeros(len(self.names), tf.float64), trainable=False)

    def add(self, losses):
        """Count a step with its losses ``[names]``."""
        self.sums.assign_add(tf.cast(losses, tf.float64))
        self.steps_in_sums.assign_add(1)
        self.step.assign_add(1)

    def means(self):
        """Mean losses since the epoch began, dict of floats."""
        means = self.sums.numpy() / max(1, int(self.steps_in_sums))
        return dict(zip(self.names, map(float, means), strict=True))

    def start_epoch(self):
        """Forget the sums."""
        self.sums.assign(tf.zeros_like(self.sums))
        self.steps_in_sums.assign(0)


def make_train_step(model, weighting, optimizer, objective, progress):
    """The compiled step: forward, weighted sum of the losses (Eq. 5), backward, update.

    Returns:
        Function of a batch from `data.pipeline.Preparation`; the losses go to ``progress``.
    """
    strategy = tf.distribute.get_strategy()
    variables = model.trainable_variables + weighting.trainable_variables
    optimizer.build(variables)  # outside the graph: its variables must not be made while tracing

    def replica_step(batch):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable.value)
            logits = model(batch, training=True)
            losses = objective(batch, logits)
            total = weighting(losses)
            scaled = total / strategy.num_replicas_in_sync  # the optimizer sums over replicas
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        optimizer.apply(gradients)
        return tf.stack([*losses.values(), total])

    @tf.function(reduce_retracing=True)
    def train_step(batch):
        losses = strategy.run(replica_step, args=(batch,))
        progress.add(strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None))

    return train_step


def train(run, model, weighting, objective, cache, preparation, folder, options, validate=None):
    """Train a run from where its checkpoints are to its end.

    Args:
        run: `experiments.run.Run`.
        model: from `models.build_multitask_unet`, initialized.
        weighting: a `weighting.TaskWeighting` of the run's tasks.
        objective: `experiments.objective.Objective`.
        cache: built `data.cache.FrameCache` of the training images.
        preparation: `data.pipeline.Preparation`.
        folder: of the run.
        options: `experiments.options.Options`.
        validate: function of the number of epochs done that returns a dict of floats for the log; its names
            must not change. None for no validation.

    Returns:
        The model, trained in place.

    Raises:
        DivergedError: a loss is not finite.
    """
    schedule = run.schedule
    steps_per_epoch = len(cache) // schedule.batch_size
    steps = steps_per_epoch * schedule.epochs
    rate = LearningRate(run.readings.lr_schedule, schedule.learning_rate, schedule.epochs, steps)
    optimizer = Adam(rate.initial)
    progress = Progress([*(f"loss_{task}" for task in objective.tasks), "loss"])
    train_step = make_train_step(model, weighting, optimizer, objective, progress)

    checkpoints = Checkpoints(
        folder / "checkpoint",
        options.checkpoint_minutes,
        model=model,
        weighting=weighting,
        optimizer=optimizer,
        rate=rate,
        progress=progress,
    )
    checkpoints.restore(options.warn)
    step = int(progress.step)
    first_epoch = step // steps_per_epoch
    truncate_history(folder / "history.csv", first_epoch)

    callbacks = keras.callbacks.CallbackList(
        history_callbacks(run, folder, options),
        model=_for_callbacks(model, optimizer),
        verbose=1,
        epochs=schedule.epochs,
        steps=steps_per_epoch,
    )
    batches = iter(
        training_batches(
            cache, preparation, schedule.batch_size, run.seed, schedule.epochs, step, run.readings.augment
        )
    )
    callbacks.on_train_begin()
    try:
        for epoch in range(first_epoch, schedule.epochs):
            callbacks.on_epoch_begin(epoch)
            clock, timed_from = time.monotonic(), step
            first_position = step - epoch * steps_per_epoch
            for position in range(first_position, steps_per_epoch):
                callbacks.on_train_batch_begin(position)
                train_step(next(batches))
                step += 1
                if epoch == first_epoch and position == first_position:
                    progress.sums.numpy()  # wait: tracing and the first step do not count as speed
                    clock, timed_from = time.monotonic(), step
                if step % LOG_EVERY == 0 or position == steps_per_epoch - 1:
                    means = progress.means()
                    _check_finite(means, epoch, step)
                    callbacks.on_train_batch_end(position, means)
                # Not after an epoch's last step: its end changes the weighting and belongs to the state.
                if position < steps_per_epoch - 1:
                    checkpoints.save_if_due(step)
            means = progress.means()
            seconds = time.monotonic() - clock
            images = (step - timed_from) * schedule.batch_size
            logs = means | {f"weight_{task}": w for task, w in weighting.current_weights().items()}
            logs["images_per_second"] = images / seconds if images else math.nan
            logs |= validate(epoch + 1) if validate else {}
            weighting.end_epoch({task: means[f"loss_{task}"] for task in objective.tasks})
            rate.end_epoch(optimizer, sum(means[f"loss_{task}"] for task in objective.tasks))
            progress.start_epoch()
            callbacks.on_epoch_end(epoch, logs)
            checkpoints.save_if_due(step)
    finally:  # files are closed whatever happened
        callbacks.on_train_end()
    checkpoints.save(step)
    return model


def _check_finite(means, epoch, step):
    broken = [name for name, value in means.items() if not math.isfinite(value)]
    if broken:
        raise DivergedError(f"diverged at epoch {epoch + 1}, step {step}: {', '.join(broken)} is not finite")


def _for_callbacks(model, optimizer):
    # TensorBoard asks model.optimizer for the learning rate. Compiling the model itself would make the
    # optimizer part of it, and of every checkpoint of the model.
    shown = keras.Model(model.inputs, model.outputs)
    shown.compile(optimizer=optimizer)
    return shown
