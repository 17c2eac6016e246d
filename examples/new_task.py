"""A new self-supervised task in one file: inpainting, with its own input, loss, score and picture.

``python new_task.py`` trains the row ``SS+T/UW``, this task (T) together with segmentation (SS), and takes
the options of ``reproduce train``. Inside the project, everything but the last three statements is a file of
``experiments/tasks/``, and ``Inpainting()`` an entry of the list ``TASKS`` there.
"""

import dataclasses
import sys

import numpy as np

from selfsup_segmentation.experiments.tasks import TASKS
from selfsup_segmentation.experiments.tasks.task import Task
from selfsup_segmentation.models.heads import Head
from selfsup_segmentation.reproduce.__main__ import main


def holes_of(image):
    """Mask of the holes in ``[B, H, W, C]``, float32 ``[H, W, 1]``: every other square of 8x8 pixels is 1."""
    import tensorflow as tf  # here, because tables work without it

    rows, columns = (tf.range(length) // 8 for length in tf.unstack(tf.shape(image)[1:3]))
    return tf.cast((rows[:, None, None] + columns[None, :, None]) % 2, tf.float32)


@dataclasses.dataclass(frozen=True)
class InpaintingResult:
    """Result: mean over the images of the mean squared error of the lightness (0..1) in the holes."""

    HEADLINE = ("inpainting_mse",)

    mse: float | None = None

    def variants(self):
        """All numbers, dict of name to value."""
        return {"inpainting_mse": self.mse}

    def headline(self, readings):
        """Numbers that the tables show; independent of the readings."""
        return self.variants()


class Inpainting(Task):
    """Self-supervised inpainting: the input is an image with holes, the output its lightness."""

    name, letters, title = "inpainting", "T", "inpainting"
    head, result = Head("holed", 1), InpaintingResult
    is_regression = True

    def image(self, lab):
        """Network input: the normalized image with 0, the mean of the training images, in the holes."""
        return lab * (1 - holes_of(lab))

    def targets(self, images, lab, preparation):
        """Target: lightness in 0..1, ``[B, H, W, 1]``."""
        return {"lightness": lab[..., :1] / 100}

    def loss(self, batch, logits, readings, statistics):
        """Mean squared error in the holes, excluding padding."""
        import tensorflow as tf

        holes = holes_of(logits) * batch["mask"][..., None]
        return tf.reduce_sum(holes * (logits - batch["lightness"]) ** 2) / tf.reduce_sum(holes)

    def maps(self, logits, mask, native_size, readings):
        """Prediction: lightness in 0..1, ``[B, H, W, 1]``."""
        return {"lightness": logits}

    def score(self, cache, layout):
        """A new `InpaintingScore`."""
        return InpaintingScore(self)

    def picture(self, maps, image, statistics):
        """Predicted lightness as a grey RGB image, float ``[H, W, 3]`` in 0..1."""
        return np.repeat(np.clip(maps["lightness"][0], 0, 1), 3, axis=-1)


class InpaintingScore:
    """Accumulates the error over the images of an evaluation."""

    def __init__(self, task):
        self.task, self.errors = task, []

    def read(self, index):
        """Ground truth of an image: None, because the batch contains it."""

    def update(self, index, truth, batch, maps):
        """Add the error of one image."""
        self.errors.append(float(self.task.loss(batch, maps["lightness"], None, None)))

    def result(self):
        """Result over all images."""
        return InpaintingResult(float(np.mean(self.errors)))


TASKS.append(Inpainting())

if __name__ == "__main__":
    sys.exit(main(["train", "--row", "SS+T/UW", *sys.argv[1:]]))
