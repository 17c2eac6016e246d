"""A new self-supervised task in one file: inpainting, with its own input, loss, score and picture.

``python new_task.py`` trains ``SS+T/UW``, this task (T) beside segmentation (SS); it takes the options of
``reproduce train``. In the project, such a class is a file of ``experiments/tasks/``, and the line that
appends it to ``TASKS`` stands there.
"""

import dataclasses
import sys

import numpy as np
import tensorflow as tf

from selfsup_segmentation.experiments.tasks import TASKS
from selfsup_segmentation.experiments.tasks.task import Task
from selfsup_segmentation.models.heads import Head
from selfsup_segmentation.reproduce.__main__ import main


def holes_of(image):
    """1 in every other square of 8x8 pixels of ``[B, H, W, C]``, float32 ``[H, W, 1]``."""
    rows, columns = (tf.range(length) // 8 for length in tf.unstack(tf.shape(image)[1:3]))
    return tf.cast((rows[:, None, None] + columns[None, :, None]) % 2, tf.float32)


@dataclasses.dataclass(frozen=True)
class InpaintingResult:
    """``mse``: mean over images of the mean squared error in the holes, of lightness in 0..1."""

    HEADLINE = ("inpainting_mse",)

    mse: float | None = None

    def variants(self):
        """The only number."""
        return {"inpainting_mse": self.mse}

    def headline(self, readings):
        """The same, whatever the readings."""
        return self.variants()


class Inpainting(Task):
    """The encoder sees an image with holes; the decoder predicts the lightness that was there."""

    name, letters, title = "inpainting", "T", "inpainting"
    head, result = Head("holed", 1), InpaintingResult
    is_regression = True

    def image(self, lab):
        """The normalized image, 0 in the holes: the mean of the training images."""
        return lab * (1 - holes_of(lab))

    def targets(self, images, lab, preparation):
        """Lightness in 0..1."""
        return {"lightness": lab[..., :1] / 100}

    def loss(self, batch, logits, readings, statistics):
        """Mean squared error in the holes, without padding."""
        holes = holes_of(logits) * batch["mask"][..., None]
        return tf.reduce_sum(holes * (logits - batch["lightness"]) ** 2) / tf.reduce_sum(holes)

    def maps(self, logits, mask, native_size, readings):
        """Lightness in 0..1."""
        return {"lightness": logits}

    def score(self, cache, layout):
        """`InpaintingScore`."""
        return InpaintingScore()

    def picture(self, maps, image, statistics):
        """The whole prediction in grey."""
        return np.repeat(np.clip(maps["lightness"][0], 0, 1), 3, axis=-1)


class InpaintingScore:
    """Accumulates the error over images."""

    def __init__(self):
        self.errors = []

    def read(self, index):
        """None: the batch holds the ground truth."""

    def update(self, index, truth, batch, maps):
        """Add one image."""
        self.errors.append(float(INPAINTING.loss(batch, maps["lightness"], None, None)))

    def result(self):
        """The result of the images so far."""
        return InpaintingResult(float(np.mean(self.errors)))


INPAINTING = Inpainting()
TASKS.append(INPAINTING)

if __name__ == "__main__":
    sys.exit(main(["train", "--row", "SS+T/UW", *sys.argv[1:]]))
