"""Semantic segmentation into Cityscapes' 19 classes (Eq. 4)."""

import dataclasses

import numpy as np

from selfsup_segmentation.data.decode import read_labels
from selfsup_segmentation.data.labels import CLASS_NAMES, NUM_CLASSES, colorize, ids_to_train_ids
from selfsup_segmentation.experiments.metrics import MeanIoU
from selfsup_segmentation.experiments.tasks.miou import IoU, bootstrap_miou
from selfsup_segmentation.experiments.tasks.task import Task
from selfsup_segmentation.experiments.tasks.yardsticks import constant_class_miou
from selfsup_segmentation.models.heads import HEADS


@dataclasses.dataclass(frozen=True)
class SegmentationResult:
    """Score of the segmentation.

    Attributes:
        native, network: at the resolution of the labels, and at the network's.
        interval: (low, high), 95 % bootstrap interval of the native mIoU over the images.
        constant_class_miou: native mIoU of always predicting the most frequent class, a yardstick.
        by_image: native mIoU of each single image by the frame's name, NaN or None where nothing is labeled;
            None in files of early versions.
    """

    HEADLINE = ("sem_miou",)

    native: IoU = dataclasses.field(default_factory=IoU)
    network: IoU = dataclasses.field(default_factory=IoU)
    interval: tuple[float, float] | None = None
    constant_class_miou: float | None = None
    by_image: dict[str, float | None] | None = None

    def at(self, readings) -> IoU:
        """The IoU at the resolution that the readings choose."""
        return getattr(self, readings.eval_resolution)

    def headline(self, readings) -> dict[str, float | None]:
        """Numbers of the paper's tables by the names of `reproduce.published`."""
        return {"sem_miou": self.at(readings).miou}

    def variants(self) -> dict[str, float | None]:
        """All numbers of the appendix by column."""
        low, high = self.interval or (None, None)
        return {
            "sem_miou/native": self.native.miou,
            "sem_miou/network": self.network.miou,
            "sem_classes/native": self.native.classes,
            "sem_interval_low": low,
            "sem_interval_high": high,
        }


class Segmentation(Task):
    """Trained on labels. Maps: trainIds ``seg_network`` ``[1, H, W]``, and ``seg_native`` at native size."""

    name, letters, title = "seg", "SS", "segmentation"
    head, result = HEADS["seg"], SegmentationResult
    training_parts = evaluation_parts = ("labels",)
    kind = "labels"

    def targets(self, images, lab, preparation):
        """``labels``: trainIds ``[B, H, W]``, 255 where nothing is labeled."""
        return {"labels": images["labels"]}

    def loss(self, batch, logits, readings, statistics):
        """Cross entropy over labeled pixels."""
        from selfsup_segmentation.losses import segmentation_loss

        return segmentation_loss(batch["labels"], logits, readings.seg_loss_norm)

    def maps(self, logits, mask, native_size, readings):
        """Logits rather than classes are enlarged, and padding is cut off before."""
        import tensorflow as tf

        from selfsup_segmentation.experiments.tasks.classes import classes_of

        width, height = (tf.cast(tf.reduce_sum(line), tf.int32) for line in (mask[0, 0, :], mask[0, :, 0]))
        native = tf.image.resize(logits[:, :height, :width], native_size[::-1], "bilinear")
        return {"seg_native": classes_of(native), "seg_network": classes_of(logits)}

    def score(self, cache, layout):
        """`SegmentationScore`."""
        return SegmentationScore(cache)

    def picture(self, maps, image, statistics):
        """Classes in Cityscapes' colors."""
        return colorize(maps["seg_network"][0].astype(np.uint8))

    def drawn(self, maps, image, statistics):
        """TrainIds uint8 ``[H, W]`` at native size."""
        return maps["seg_native"][0].astype(np.uint8)

    def native(self, maps, image, fitted, statistics):
        """The same."""
        return self.drawn(maps, image, statistics)


class SegmentationScore:
    """mIoU at native and at the network's resolution.

    Args:
        cache: `data.cache.FrameCache` of the validation images.
    """

    def __init__(self, cache):
        self.cache = cache
        self.native, self.network = MeanIoU(NUM_CLASSES), MeanIoU(NUM_CLASSES)
        self.by_image = {}  # native, by the frame's name

    def read(self, index):
        """Native trainIds uint8 ``[H, W]`` of image ``index``."""
        return ids_to_train_ids(read_labels(self.cache.frames[index].labels))

    def update(self, index, truth, batch, maps):
        """Add image ``index``."""
        image = self.by_image[self.cache.frames[index].name] = MeanIoU(NUM_CLASSES)
        image.update_state(truth, maps["seg_native"][0])
        self.native.merge(image)
        self.network.update_state(batch["labels"].numpy(), maps["seg_network"])

    def result(self):
        """The `SegmentationResult` of the images so far."""
        return SegmentationResult(
            native=IoU.of(self.native, CLASS_NAMES),
            network=IoU.of(self.network, CLASS_NAMES),
            interval=bootstrap_miou([image.confusion for image in self.by_image.values()]),
            constant_class_miou=constant_class_miou(self.native.confusion),
            by_image={name: image.result() for name, image in self.by_image.items()},
        )
