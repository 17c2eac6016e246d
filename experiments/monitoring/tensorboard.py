"""TensorBoard: scalars of a run, predictions of a few images, and its settings as HParams.

Nothing here touches a random number or a variable of the run: results are bit-identical without it.
"""

import time

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from selfsup_segmentation.experiments.tasks import named

IMAGES = 3  # of the validation set, evenly spaced
FOLDER = "tensorboard"


class Waited:
    """Iterator over ``batches`` that sums up the ``seconds`` spent waiting for them."""

    def __init__(self, batches):
        self._batches, self.seconds = batches, 0.0

    def __iter__(self):
        return self

    def __next__(self):
        started = time.perf_counter()
        try:
            return next(self._batches)
        finally:
            self.seconds += time.perf_counter() - started


class Scalars(keras.callbacks.TensorBoard):
    """Losses, weights, validation, learning rate and input wait of each epoch.

    ``epoch_input_wait`` is the share of the time between the first and the last step of an epoch in which the
    loop waited for a batch; near 0 the device is busy, near 1 the input is too slow.

    Args:
        folder: run directory.
        batches: `Waited`, iterator over the batches of the run.
    """

    def __init__(self, folder, batches):
        super().__init__(str(folder / FOLDER), write_graph=False)
        self._batches, self._share = batches, None

    def on_epoch_begin(self, epoch, logs=None):
        """Begin to measure."""
        super().on_epoch_begin(epoch, logs)
        self._share, self._begun = None, (self._batches.seconds, time.perf_counter())

    def on_train_batch_end(self, batch, logs=None):
        """Measure; Keras writes no batch where it writes epochs."""
        waited, seconds = self._batches.seconds - self._begun[0], time.perf_counter() - self._begun[1]
        self._share = waited / seconds if seconds else None

    def on_epoch_end(self, epoch, logs=None):
        """Write the epoch without NaN, which stands for no validation."""
        known = {name: value for name, value in (logs or {}).items() if value == value}
        wait = {} if self._share is None else {"input_wait": self._share}
        super().on_epoch_end(epoch, known | wait)


class Predictions:
    """Writes predictions of a few validation images.

    Args:
        evaluator: `experiments.evaluation.evaluator.Evaluator`, whose compiled graphs are used.
        folder: run directory.
    """

    def __init__(self, evaluator, folder):
        self._evaluator, self._folder = evaluator, folder / FOLDER / "predictions"
        count = len(evaluator.data.val)
        self._indices = sorted({round(i) for i in np.linspace(0, count - 1, min(IMAGES, count))})

    def __call__(self, epochs_done):
        """Write images and predictions at the network's size for a number of completed epochs."""
        writer, data = tf.summary.create_file_writer(str(self._folder)), self._evaluator.data
        images = self._evaluator.predictor.images(data.val, data.preparation, self._indices)
        with writer.as_default(epochs_done):
            for index, maps in zip(self._indices, images, strict=True):
                image, name = np.asarray(data.val.image("left", index)), data.val.frames[index].name
                tf.summary.image(f"image/{name}", image[None])
                for task in named(self._evaluator.run.tasks):
                    picture = task.picture(maps, image, data.statistics)
                    tf.summary.image(f"{task.title}/{name}", picture[None])
        writer.close()


def write_hparams(run, numbers, folder):
    """Write settings and headline numbers of a run for TensorBoard's HParams, which compares runs.

    Args:
        run: `experiments.run.Run`.
        numbers: dict of floats by name, NaN or None for a missing one.
        folder: run directory.
    """
    schedule = run.schedule
    switches = {
        "dataset": run.dataset, "row": run.row, "weighting": run.weighting, "init": run.init,
        "seed": run.seed, "epochs": schedule.epochs, "batch_size": schedule.batch_size,
        "learning_rate": schedule.learning_rate, "size": "x".join(map(str, schedule.size)),
    }  # fmt: skip
    switches |= {f"w_{task}": weight for task, weight in run.weights.items()}
    for name, value in run.variations.items():
        switches[name] = value if isinstance(value, (bool, int, float, str)) else str(value)
    writer = tf.summary.create_file_writer(str(folder / FOLDER))
    with writer.as_default(schedule.epochs):
        summary = hparams.hparams_pb(switches, trial_id=run.folder)
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=0)
        for name, number in numbers.items():
            if number is not None and number == number:
                tf.summary.scalar(name, number)
    writer.close()
