"""The training loop: one compiled step, Keras callbacks around it, and a state that resumes at any step."""

import hashlib
import math
import time

import keras
import tensorflow as tf

from selfsup_segmentation.data.pipeline import training_batches
from selfsup_segmentation.experiments import preemption
from selfsup_segmentation.experiments.monitoring.callbacks import history_callbacks
from selfsup_segmentation.experiments.monitoring.tensorboard import Waited
from selfsup_segmentation.experiments.records.checkpoint import Checkpoints
from selfsup_segmentation.experiments.records.history import truncate_history
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.experiments.training.divergence import trace
from selfsup_segmentation.experiments.training.learning_rate import LearningRate
from selfsup_segmentation.experiments.training.state import Progress
from selfsup_segmentation.experiments.training.step import make_train_step
from selfsup_segmentation.experiments.training.strategy import make_optimizer

RATE = "learning_rate"  # in the history, which older versions wrote without it
LOG_EVERY = 10  # steps between readings of the losses; each reading waits for the device


class Training:
    """The training of a run, which resumes from its newest checkpoint.

    Args:
        run: `experiments.run.Run`.
        model: initialized network from `models.build_multitask_unet`; trained in place.
        weighting: `weighting.TaskWeighting` or `weighting.GradientWeighting` of the run's tasks; trained in
            place.
        objective: `experiments.training.objective.Objective`.
        data: `experiments.datasets.library.RunData` of the run.
        folder: run directory.
        options: `experiments.options.Options`.
        strategy: `tf.distribute` strategy in whose scope model and weighting were built; None for one device.
    """

    def __init__(self, run, model, weighting, objective, data, folder, options, strategy=None):
        self.run, self.model, self.weighting, self.cache = run, model, weighting, data.train
        self._objective, self._preparation = objective, data.preparation
        self._folder, self._options = folder, options
        self._strategy = strategy or tf.distribute.get_strategy()
        self.steps_per_epoch = len(self.cache) // run.schedule.batch_size
        schedule, steps = run.schedule, self.steps_per_epoch * run.schedule.epochs
        self.rate = LearningRate(run.readings.lr_schedule, schedule.learning_rate, schedule.epochs, steps)
        self.progress = Progress([*(f"loss_{task}" for task in objective.tasks), "loss"])
        with self._strategy.scope():
            self.optimizer = make_optimizer(run.readings, self.rate.initial)
            self.train_step = make_train_step(
                model, weighting, self.optimizer, objective, self.progress, run.readings.jit
            )
        self.checkpoints = Checkpoints(
            folder / "checkpoint",
            options.checkpoint_minutes,
            model=model,
            weighting=weighting,
            optimizer=self.optimizer,
            rate=self.rate,
            progress=self.progress,
        )

    def to_the_end(self, validate=lambda epochs: {}):
        """Train from the newest checkpoint to the last epoch.

        Args:
            validate: function of the number of epochs done that returns a dict of floats for the history; its
                names must not change.

        Returns:
            SHA-256 of the complete state at the end, hexadecimal: equal for runs that are equal to the bit.

        Raises:
            DivergedError: a loss or an update is not finite; the state before that is saved.
            Stopped: the process was asked to stop; the state is saved.
        """
        if not self._restore():
            self.checkpoints.save(0)  # `divergence.trace` needs a state to restore
        epochs = self.run.schedule.epochs
        first_epoch = (int(self.progress.step) - self._epoch_is_open()) // self.steps_per_epoch
        truncate_history(self._folder / "history.csv", first_epoch, [RATE])
        batches = Waited(self.batches())
        callbacks = keras.callbacks.CallbackList(
            history_callbacks(self.run, self._folder, self._options, batches),
            model=_for_callbacks(self.model, self.optimizer),
            verbose=1,
            epochs=epochs,
            steps=self.steps_per_epoch,
        )
        callbacks.on_train_begin()
        try:
            for epoch in range(first_epoch, epochs):
                callbacks.on_epoch_begin(epoch)
                logs = self._epoch(batches, callbacks)
                try:
                    logs |= validate(epoch + 1)
                except preemption.Stopped:
                    self.checkpoints.save(int(self.progress.step))
                    raise
                self.end_epoch(logs)
                callbacks.on_epoch_end(epoch, logs)
                self.checkpoints.save_if_due(int(self.progress.step))
        finally:  # files are closed whatever happened
            callbacks.on_train_end()
        self.checkpoints.save(int(self.progress.step))
        return self._digest()

    def _epoch(self, batches, callbacks):
        """Train the remaining steps of an epoch; returns its log."""
        step = timed_from = int(self.progress.step)
        first = self.steps_per_epoch if self._epoch_is_open() else step % self.steps_per_epoch
        clock = time.monotonic()
        for position in range(first, self.steps_per_epoch):
            callbacks.on_train_batch_begin(position)
            self.train_step(next(batches))
            step += 1
            if position == first:
                self.progress.sums.numpy()  # wait: tracing and the first step do not count as speed
                clock, timed_from = time.monotonic(), step
            save = preemption.requested() or self.checkpoints.is_due()
            if save or position == self.steps_per_epoch - 1 or step % LOG_EVERY == 0:
                callbacks.on_train_batch_end(position, self._sound_means())
            if save:
                self.checkpoints.save(step)
                preemption.stop_if_requested()
        means = self._sound_means()
        seconds = time.monotonic() - clock
        images = (step - timed_from) * self.run.schedule.batch_size
        speed = {"images_per_second": images / seconds if images else math.nan}
        return means | self.weighting.epoch_log() | speed | {RATE: self.rate.of_last_step(self.optimizer)}

    def _sound_means(self):
        """Mean losses since the epoch began; raises `DivergedError` unless all of them are finite."""
        bad = self.progress.first_bad()
        if bad:
            raise trace(self, *bad)
        return self.progress.means()

    def _epoch_is_open(self):
        """Whether all steps of an epoch are done, but `end_epoch` is not."""
        step = int(self.progress.step)
        return step > 0 and step % self.steps_per_epoch == 0 and int(self.progress.steps_in_sums) > 0

    def end_epoch(self, means):
        """Update the state between two epochs."""
        losses = {task: means[f"loss_{task}"] for task in self._objective.tasks}
        self.weighting.end_epoch(losses)
        self.rate.end_epoch(self.optimizer, sum(losses.values()))
        self.progress.start_epoch()

    def batches(self):
        """Training batches from the current step on."""
        schedule, readings = self.run.schedule, self.run.readings
        batches = training_batches(
            self.cache, self._preparation, schedule.batch_size, self.run.seed, schedule.epochs,
            int(self.progress.step), readings.augment,
        )  # fmt: skip
        if self._strategy.num_replicas_in_sync > 1:
            batches = self._strategy.experimental_distribute_dataset(batches)
        return iter(batches)

    def replay(self, step):
        """Restore a checkpoint and repeat the training up to ``step`` steps, equal to the bit."""
        self._restore(at_most=step)
        batches = self.batches()
        while int(self.progress.step) < step:
            if self._epoch_is_open():
                self.end_epoch(self.progress.means())
            self.train_step(next(batches))
        if self._epoch_is_open():
            self.end_epoch(self.progress.means())

    def _digest(self):
        digest = hashlib.sha256()
        for variable in self._variables():
            digest.update(memoryview(variable.numpy()).cast("B"))
        return digest.hexdigest()

    def _variables(self):
        tracked = (self.model, self.optimizer, self.weighting, self.rate, self.progress)
        return [variable for owner in tracked for variable in owner.variables]

    def _restore(self, at_most=None):
        """Restore a checkpoint, of process 0 where hosts share the run; returns whether there was one."""
        restored = self.checkpoints.restore(self._options.warn, at_most)
        if multiworker.place():
            multiworker.take_over_state(self._variables())
        return restored


def _for_callbacks(model, optimizer):
    # TensorBoard asks model.optimizer for the learning rate. Compiling the model itself would make the
    # optimizer part of it, and of every checkpoint of the model.
    shown = keras.Model(model.inputs, model.outputs)
    shown.compile(optimizer=optimizer)
    return shown
