"""Keras callbacks of a run: progress (a bar on a terminal, else lines), ``history.csv`` and TensorBoard."""

import sys

import keras
from tqdm import tqdm

from selfsup_segmentation.experiments.monitoring.tensorboard import Scalars

REWRITE_SECONDS = 0.2


def history_callbacks(run, folder, options, batches):
    """Keras callbacks of a run: progress, ``history.csv`` (appended to) and ``tensorboard/``.

    Args:
        run: `experiments.run.Run`.
        folder: run directory.
        options: `experiments.options.Options`.
        batches: `experiments.monitoring.tensorboard.Waited`, iterator over the batches of the run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    callbacks = [keras.callbacks.CSVLogger(str(folder / "history.csv"), append=True)]
    if options.tensorboard:
        callbacks.append(Scalars(folder, batches))
    if is_live(options.progress):
        callbacks.append(RunBar(run.schedule.batch_size))
    elif options.progress != "none":
        callbacks.append(EpochLine(str(run), run.schedule.batch_size))
    return callbacks


def is_live(progress):
    """Whether an `experiments.options.Options.progress` asks for a bar that is redrawn."""
    return progress == "bar" or (progress == "auto" and sys.stdout.isatty())


class EpochLine(keras.callbacks.Callback):
    """Prints one line an epoch, for logs and pipes.

    Args:
        name: name of the run.
        batch_size: stereo pairs a step.
        write: callable that takes the line.
    """

    def __init__(self, name, batch_size, write=print):
        super().__init__()
        self.name, self.batch_size, self.write = name, batch_size, write

    def on_epoch_end(self, epoch, logs=None):
        """Print the losses, the speed and the time left at that speed, validations not counted."""
        logs = {key: value for key, value in (logs or {}).items() if value == value}  # no NaN
        numbers = " ".join(f"{key} {value:.4g}" for key, value in logs.items())
        images = (self.params["epochs"] - epoch - 1) * self.params["steps"] * self.batch_size
        speed = logs.get("images_per_second")
        left = f", {tqdm.format_interval(images / speed)} left" if images and speed else ""
        self.write(f"{self.name}: epoch {epoch + 1}/{self.params['epochs']} {numbers}{left}")


class RunBar(keras.callbacks.Callback):
    """Shows a tqdm bar over all images of a run: epoch, losses, images a second, time left.

    Args:
        batch_size: stereo pairs a step.
        stream: text stream to draw on; standard output by default.
    """

    def __init__(self, batch_size, stream=None):
        super().__init__()
        self.batch_size, self.stream = batch_size, stream or sys.stdout
        self._bar, self._validated = None, ""

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Advance the bar. It starts at the first report, so that tracing does not count as speed."""
        done = (self._epoch * self.params["steps"] + batch + 1) * self.batch_size
        if self._bar is None:
            self._bar = tqdm(
                total=self.params["epochs"] * self.params["steps"] * self.batch_size,
                initial=done,
                unit=" images",
                mininterval=REWRITE_SECONDS,
                dynamic_ncols=True,
                file=self.stream,
            )
        losses = (f"{key.removeprefix('loss_')} {value:.3g}" for key, value in (logs or {}).items())
        self._bar.set_description(f"epoch {self._epoch + 1}/{self.params['epochs']}", refresh=False)
        self._bar.set_postfix_str(", ".join(filter(None, (" ".join(losses), self._validated))), refresh=False)
        self._bar.update(done - self._bar.n)

    def on_epoch_end(self, epoch, logs=None):
        """Keep the last validation in sight."""
        miou = (logs or {}).get("val_sem_miou")
        if miou is not None and miou == miou:
            self._validated = f"mIoU {miou:.3f} after epoch {epoch + 1}"

    def on_train_end(self, logs=None):
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
