"""Keras callbacks of a run: progress, ``history.csv`` and TensorBoard."""

import keras

from selfsup_segmentation.experiments.monitoring.progress import EpochLine, RunBar, is_live
from selfsup_segmentation.experiments.monitoring.tensorboard import Scalars


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
