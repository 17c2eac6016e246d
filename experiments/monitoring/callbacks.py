"""What is written while a run trains: a line, history.csv, TensorBoard's events and the log for programs."""

import keras

from selfsup_segmentation.experiments.monitoring.events import log_event
from selfsup_segmentation.experiments.monitoring.progress import EpochLine, RunLine, is_live
from selfsup_segmentation.experiments.monitoring.tensorboard import Scalars


class EpochEvents(keras.callbacks.Callback):
    """Logs the end of each epoch.

    Args:
        path: of the file.
        run: `experiments.run.Run`.
    """

    def __init__(self, path, run):
        super().__init__()
        self.path, self.run = path, run

    def on_epoch_end(self, epoch, logs=None):
        """Log it."""
        log_event(self.path, "epoch", self.run, epoch=epoch + 1, epochs=self.params["epochs"], **(logs or {}))


def history_callbacks(run, folder, options, batches):
    """Keras' callbacks for a run: progress, ``history.csv`` (append), ``tensorboard/``, ``--json-log``.

    Args:
        run: `experiments.run.Run`.
        folder: of the run.
        options: `experiments.options.Options`.
        batches: `experiments.monitoring.tensorboard.Waited`, from which the run takes its batches.
    """
    folder.mkdir(parents=True, exist_ok=True)
    callbacks = [keras.callbacks.CSVLogger(str(folder / "history.csv"), append=True)]
    if options.tensorboard:
        callbacks.append(Scalars(folder, batches))
    if options.json_log:
        callbacks.append(EpochEvents(options.json_log, run))
    if is_live(options.progress):
        callbacks.append(RunLine(run.schedule.batch_size))
    elif options.progress != "none":
        callbacks.append(EpochLine(str(run)))
    return callbacks
