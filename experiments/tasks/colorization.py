"""Colorization: the color class of each pixel from lightness alone (section 3.1, Eq. 1)."""

import dataclasses

import numpy as np

from selfsup_segmentation.data.labels import IGNORE
from selfsup_segmentation.experiments.metrics import MeanIoU
from selfsup_segmentation.experiments.tasks.miou import IoU
from selfsup_segmentation.experiments.tasks.task import Task, enlarge
from selfsup_segmentation.models.heads import HEADS


@dataclasses.dataclass(frozen=True)
class ColorResult(IoU):
    """Score of the colorization: IoU of the 36 color classes at the network's resolution."""

    HEADLINE = ("color_miou",)

    def headline(self, readings) -> dict[str, float | None]:
        """Numbers of the paper's tables by the names of `reproduce.published`."""
        return {"color_miou": self.miou}

    def variants(self) -> dict[str, float | None]:
        """All numbers of the appendix by column."""
        return {"color_miou": self.miou}


class Colorization(Task):
    """Trained on the image itself. Maps: ``color``, classes ``[1, H, W]`` in 0..35."""

    name, letters, title = "color", "C", "colorization"
    head, result = HEADS["color"], ColorResult

    def image(self, lab):
        """L three times."""
        import tensorflow as tf

        return tf.repeat(lab[..., :1], 3, axis=-1)

    def targets(self, images, lab, preparation):
        """``color``: classes ``[B, H, W]``."""
        return {"color": preparation.statistics.bins.encode(lab)}

    def loss(self, batch, logits, readings, statistics):
        """Cross entropy with the classes' median frequency weights, over the image without padding."""
        from selfsup_segmentation.losses import colorization_loss

        weights = statistics.class_weights(readings.mfb)
        return colorization_loss(batch["color"], logits, weights, batch["mask"], readings.color_loss_norm)

    def maps(self, logits, mask, native_size, readings):
        """Most likely classes."""
        from selfsup_segmentation.experiments.tasks.classes import classes_of

        return {"color": classes_of(logits)}

    def score(self, cache, layout):
        """`ColorScore`."""
        return ColorScore()

    def picture(self, maps, image, statistics):
        """The image's own L with a and b of the predicted classes."""
        from selfsup_segmentation.data.color import recolor

        return recolor(image, statistics.bins.centers[maps["color"][0]]).numpy()

    def native(self, maps, image, fitted, statistics):
        """RGB uint8 ``[H, W, 3]``: L of the image in its file with a and b as predicted, enlarged."""
        from selfsup_segmentation.data.color import recolor

        rgb = recolor(image, enlarge(statistics.bins.centers[maps["color"]], image)).numpy()
        return np.round(rgb * np.float32(255)).astype(np.uint8)


class ColorScore:
    """mIoU of the 36 color classes at the network's resolution."""

    def __init__(self):
        self.metric = MeanIoU(Colorization.head.channels)

    def read(self, index):
        """None: the batch holds the ground truth."""

    def update(self, index, truth, batch, maps):
        """Add one image; padding does not count."""
        truth = np.where(batch["mask"].numpy() > 0, batch["color"].numpy(), IGNORE)
        self.metric.update_state(truth, maps["color"])

    def result(self):
        """The `ColorResult` of the images so far."""
        return ColorResult.of(self.metric, map(str, range(Colorization.head.channels)))
