"""What TensorBoard shows of a run: scalars, predictions of a few images, and its switches as HParams.

Nothing here touches a random number or a variable of the run: its results are the same to the bit without it.
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
    """An iterator that knows how long one waited for it.

    Args:
        batches: any iterator.

    Attributes:
        seconds: waited so far.
    """

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
        folder: of the run.
        batches: `Waited`.
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
        """Write what was measured; NaN stands for a validation that there was not."""
        known = {name: value for name, value in (logs or {}).items() if value == value}
        wait = {} if self._share is None else {"input_wait": self._share}
        super().on_epoch_end(epoch, known | wait)


class Predictions:
    """Writes predictions of a few validation images.

    Args:
        evaluator: `experiments.evaluation.evaluator.Evaluator`, whose compiled graphs are used.
        folder: of the run.
    """

    def __init__(self, evaluator, folder):
        self._evaluator, self._folder = evaluator, folder / FOLDER / "predictions"
        count = len(evaluator.data.val)
        self._indices = sorted({round(i) for i in np.linspace(0, count - 1, min(IMAGES, count))})

    def __call__(self, epochs_done):
        """Write them under the number of epochs done, at the network's size."""
        writer = tf.summary.create_file_writer(str(self._folder))
        with writer.as_default(epochs_done):
            data = self._evaluator.data
            images = self._evaluator.predictor.images(data.val, data.preparation, self._indices)
            for index, maps in zip(self._indices, images, strict=True):
                for name, picture in self._pictures(index, maps).items():
                    tf.summary.image(f"{name}/{data.val.frames[index].name}", picture[None])
        writer.close()

    def _pictures(self, index, maps):
        data = self._evaluator.data
        image = np.asarray(data.val.image("left", index))
        pictures = {"image": image}
        for task in named(self._evaluator.run.tasks):
            pictures[task.title] = task.picture(maps, image, data.statistics)
        return pictures


def write_hparams(run, numbers, folder):
    """Write what a run is and its headline numbers, so that TensorBoard's HParams compares runs of a table.

    Args:
        run: `experiments.run.Run`.
        numbers: dict of floats by name.
        folder: of the run.
    """
    schedule = run.schedule
    switches = {
        "dataset": run.dataset, "row": run.row, "weighting": run.weighting, "init": run.init,
        "seed": run.seed, "epochs": schedule.epochs, "batch_size": schedule.batch_size,
        "learning_rate": schedule.learning_rate, "size": "x".join(map(str, schedule.size)),
    }  # fmt: skip
    switches |= {f"w_{task}": weight for task, weight in run.weights.items()}
    switches |= {name: _value(value) for name, value in run.variations.items()}
    writer = tf.summary.create_file_writer(str(folder / FOLDER))
    with writer.as_default(schedule.epochs):
        summary = hparams.hparams_pb(switches, trial_id=run.folder)
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=0)
        for name, number in numbers.items():
            if number is not None and number == number:
                tf.summary.scalar(name, number)
    writer.close()


def _value(value):
    return value if isinstance(value, (bool, int, float, str)) else str(value)
