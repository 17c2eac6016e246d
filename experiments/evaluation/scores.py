"""Scores of the tasks, accumulated image by image; each constructs the result of its task."""

import numpy as np

from selfsup_segmentation.data.color import ColorBins
from selfsup_segmentation.data.decode import read_labels
from selfsup_segmentation.data.disparity import depth_from_disparity, resize_disparity
from selfsup_segmentation.data.labels import CLASS_NAMES, IGNORE, NUM_CLASSES, ids_to_train_ids
from selfsup_segmentation.experiments.evaluation.bootstrap import bootstrap_miou
from selfsup_segmentation.experiments.metrics import DisparityErrors, MeanIoU
from selfsup_segmentation.experiments.records.results import (
    ColorResult,
    DepthResult,
    Errors,
    IoU,
    SegmentationResult,
)

MINIMUM_DISPARITY = 0.5  # px of the network's image; both relative errors diverge towards 0


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
        """The ground truth of image ``index`` that its batch does not hold: native trainIds."""
        return ids_to_train_ids(read_labels(self.cache.frames[index].labels))

    def update(self, index, truth, batch, predictions):
        """Add image ``index``: what `read` gave, its prepared batch of one, and the maps of
        `experiments.evaluation.evaluator`.
        """
        image = self.by_image[self.cache.frames[index].name] = MeanIoU(NUM_CLASSES)
        image.update_state(truth, predictions["seg_native"][0])
        self.native.merge(image)
        self.network.update_state(batch["labels"].numpy(), predictions["seg_network"])

    def result(self):
        """The `SegmentationResult` of the images so far."""
        return SegmentationResult(
            native=IoU(**_iou(self.native, CLASS_NAMES)),
            network=IoU(**_iou(self.network, CLASS_NAMES)),
            interval=bootstrap_miou([image.confusion for image in self.by_image.values()]),
            constant_class_miou=constant_class_miou(self.native.confusion),
            by_image={name: image.result() for name, image in self.by_image.items()},
        )


class ColorScore:
    """mIoU of the 36 color classes at the network's resolution.

    Args:
        cache: not used; for one signature.
    """

    def __init__(self, cache):
        self.metric = MeanIoU(ColorBins.CLASSES)

    def read(self, index):
        """None: the batch holds the ground truth."""

    def update(self, index, truth, batch, predictions):
        """Add one image; padding does not count."""
        truth = np.where(batch["mask"].numpy() > 0, batch["color"].numpy(), IGNORE)
        self.metric.update_state(truth, predictions["color"])

    def result(self):
        """The `ColorResult` of the images so far."""
        return ColorResult(**_iou(self.metric, [str(i) for i in range(ColorBins.CLASSES)]))


class DepthScore:
    """Errors of the disparity in the three units that the paper's "capped at 50" allows.

    ``disp_half``: px of the network's image; ``disp_full``: px of the native image; ``depth_m``: metres,
    where there is a calibration. The same pixels are too far away for each: ground truth under 0.5 px of
    the network's image.

    Args:
        cache: `data.cache.FrameCache` of the validation images.
        layout: `data.layout.Layout` of the data set, which reads disparities and calibrations.
    """

    CAP = 50.0

    def __init__(self, cache, layout):
        self.cache, self.layout = cache, layout
        self.scores = {}
        self.by_image = {}
        self.constant = ConstantDisparity(self.CAP)

    def read(self, index):
        """The ground truth of image ``index``: disparity in px of the network's image, NaN where unknown."""
        width, height = map(int, self.cache.valid_sizes[index])
        disparity = self.layout.read_disparity(self.cache.frames[index].disparity)
        return resize_disparity(disparity, (height, width))

    def update(self, index, truth, batch, predictions):
        """Add one image."""
        frame = self.cache.frames[index]
        width, height = map(int, self.cache.valid_sizes[index])
        native_width = int(self.cache.native_sizes[index][0])
        found = predictions["depth"][0, :height, :width, 0]
        self.constant.update(truth)
        self._add("disp_half", MINIMUM_DISPARITY, truth, found)
        image = DisparityErrors(self.CAP, MINIMUM_DISPARITY)
        image.update_state(truth, found)
        self.by_image[frame.name] = image.result()["abs_rel"]
        ratio = native_width / width
        self._add("disp_full", MINIMUM_DISPARITY * ratio, truth * ratio, found * ratio)
        if frame.camera is not None:
            camera = self.layout.read_camera(frame.camera)
            focal = camera.focal / ratio
            near = np.where(truth >= MINIMUM_DISPARITY, truth, np.nan)
            smallest = DisparityErrors.SMALLEST_PREDICTION
            depths = [
                depth_from_disparity(d, focal, camera.baseline) for d in (near, np.maximum(found, smallest))
            ]
            self._add("depth_m", smallest, *depths)

    def _add(self, unit, minimum, truth, found):
        if unit not in self.scores:
            self.scores[unit] = [DisparityErrors(self.CAP, minimum, mode) for mode in ("mask", "clip")]
        for score in self.scores[unit]:
            score.update_state(truth, found)

    def result(self):
        """The `DepthResult` of the images so far."""
        by_unit = {
            unit: Errors(
                **masked.result(),
                pooled=Errors(**masked.pooled()),
                dropped=masked.dropped_share(),
                clipped=Errors(**clipped.result(), pooled=Errors(**clipped.pooled())),
            )
            for unit, (masked, clipped) in self.scores.items()
        }
        return DepthResult(**by_unit, constant_abs_rel=self.constant.result(), by_image=self.by_image)


class ConstantDisparity:
    """Smallest AbsRel that any single constant reaches, chosen in hindsight: a yardstick.

    Args:
        cap: px.
    """

    PIXELS = 20_000  # of an image, evenly spaced: enough for a yardstick

    def __init__(self, cap):
        self.cap = cap
        self.constants = np.geomspace(MINIMUM_DISPARITY, cap, 100)
        self.errors = []

    def update(self, truth):
        """Add the ground truth of an image, px with NaN."""
        with np.errstate(invalid="ignore"):
            values = truth[(truth >= MINIMUM_DISPARITY) & (truth <= self.cap)]
        values = values[:: max(1, len(values) // self.PIXELS)].astype(np.float64)
        if len(values):
            errors = np.abs(self.constants[:, None] - values) / values
            self.errors.append(errors.mean(axis=1))

    def result(self):
        """AbsRel, or NaN without ground truth."""
        return float(np.mean(self.errors, axis=0).min()) if self.errors else float("nan")


def constant_class_miou(confusion):
    """mIoU of always answering the most frequent class, from the rows of a confusion matrix."""
    pixels = confusion.sum(axis=1)
    present = int((pixels > 0).sum())
    return float(pixels.max() / pixels.sum() / present) if present else float("nan")


def _iou(metric, names):
    """Fields of an `IoU`, with a name for each class of the metric."""
    per_class = metric.per_class()
    return {
        "miou": metric.result(),
        "classes": int(np.isfinite(per_class).sum()),
        "per_class": dict(zip(names, map(float, per_class), strict=True)),
    }
