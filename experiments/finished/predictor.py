"""A finished run's network on images of any size."""

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.cache import fit_image
from selfsup_segmentation.data.color import lab_to_rgb, rgb_to_lab
from selfsup_segmentation.experiments.catalog import layout_of
from selfsup_segmentation.experiments.evaluation.evaluator import make_predictors
from selfsup_segmentation.experiments.finished.standalone import open_standalone
from selfsup_segmentation.models.normalization import statistics_of


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What a network says of one image, at the image's own size; None for a task that it has not.

    Attributes:
        image: RGB uint8 ``[H, W, 3]``.
        train_ids: uint8 ``[H, W]``, 0..18.
        disparity: float32 ``[H, W]``, px of this image's width.
        color: RGB uint8 ``[H, W, 3]``: the image's own L, with the a and b that were predicted from it.
    """

    image: np.ndarray
    train_ids: np.ndarray | None = None
    disparity: np.ndarray | None = None
    color: np.ndarray | None = None


class Predictor:
    """Predicts single images as the run's evaluation does, with the same statistics of BatchNorm.

    An image is brought to the size of the run's network as those of its data were; one that is larger than
    a network whose images were padded is resized.

    Args:
        run: a finished `experiments.run.Run`.
        folder: of the run; nothing else is needed.
    """

    def __init__(self, run, folder: Path):
        self.run, self.finished = run, open_standalone(run, folder)
        self.pads = layout_of(run.dataset).fit(run.readings.kitti_fit) == "pad"
        self.predict = make_predictors(self.finished.model, run)

    def __call__(self, image: np.ndarray) -> Prediction:
        """Predict an RGB uint8 image ``[H, W, 3]`` of any size."""
        height, width = image.shape[:2]
        size = self.run.schedule.size
        pads = self.pads and width <= size[0] and height <= size[1]
        valid = (width, height) if pads else size
        batch = self.finished.preparation(
            {
                "left": tf.constant(fit_image(image, size, "pad" if pads else "resize")[None]),
                "valid_size": tf.constant([valid], tf.int32),
            }
        )
        encoder, maps = self.finished.model.get_layer("encoder"), {}
        for stream, predict in self.predict.items():
            with statistics_of(encoder, self.finished.statistics[stream]):
                maps |= predict(batch, tf.constant([width, height], tf.int32))
        found = {"image": image}
        if "seg" in self.run.tasks:
            found["train_ids"] = maps["seg_native"].numpy()[0].astype(np.uint8)
        if "depth" in self.run.tasks:
            native = _enlarge(maps["depth"], valid, (width, height))
            found["disparity"] = native.numpy()[..., 0] * np.float32(width / valid[0])
        if "color" in self.run.tasks:
            ab = tf.gather(self.finished.preparation.statistics.bins.centers, maps["color"])
            lab = tf.concat([rgb_to_lab(image)[..., :1], _enlarge(ab, valid, (width, height))], -1)
            found["color"] = tf.cast(tf.round(lab_to_rgb(lab) * 255.0), tf.uint8).numpy()
        return Prediction(**found)


def _enlarge(maps, valid, size):
    """The part of ``[1, H, W, C]`` that is not padding, ``[height, width, C]`` for the size of an image."""
    return tf.image.resize(maps[:, : valid[1], : valid[0]], size[::-1], "bilinear")[0]
