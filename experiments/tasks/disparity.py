"""Disparity, learned from stereo pairs alone (section 3.2, Eq. 2 and 3)."""

import dataclasses

import numpy as np

from selfsup_segmentation.data.disparity import depth_from_disparity, resize_disparity
from selfsup_segmentation.experiments.metrics import DisparityErrors
from selfsup_segmentation.experiments.tasks.task import Task, enlarge
from selfsup_segmentation.experiments.tasks.yardsticks import ConstantDisparity
from selfsup_segmentation.models.heads import HEADS

MINIMUM_DISPARITY = 0.5  # px of the network's image; both relative errors diverge towards 0


@dataclasses.dataclass(frozen=True)
class Errors:
    """Errors of disparity or depth in one unit; the mean over images of their means unless said otherwise.

    Attributes:
        abs_rel, sq_rel, rmse, rmse_log: see `experiments.metrics.DisparityErrors`; NaN or None without ground
            truth.
        pooled: the same over all pixels of all images.
        dropped: share of the measured pixels, 0..1, that the ``minimum`` and the ``cap`` left out.
        clipped: the same with ground truth over the cap clipped to it rather than left out.
    """

    abs_rel: float | None = None
    sq_rel: float | None = None
    rmse: float | None = None
    rmse_log: float | None = None
    pooled: "Errors | None" = None
    dropped: dict[str, float | None] | None = None
    clipped: "Errors | None" = None

    def named(self, prefix: str = "") -> dict[str, float | None]:
        """The four errors by name."""
        return {f"{prefix}{name}": getattr(self, name) for name in DisparityErrors.NAMES}


@dataclasses.dataclass(frozen=True)
class DepthResult:
    """Score of the depth task.

    Attributes:
        disp_half, disp_full: errors in px of the network's and of the native image.
        depth_m: errors of the depth in metres; None without a calibration.
        constant_abs_rel: AbsRel in px of the network's image of the best constant disparity, a yardstick.
        by_image: AbsRel of ``disp_half`` of each single image by the frame's name, NaN or None without a
            valid pixel; None in files of early versions.
    """

    HEADLINE = DisparityErrors.NAMES

    disp_half: Errors | None = None
    disp_full: Errors | None = None
    depth_m: Errors | None = None
    constant_abs_rel: float | None = None
    by_image: dict[str, float | None] | None = None

    def headline(self, readings) -> dict[str, float | None]:
        """Numbers of the paper's tables; None for depth in metres without a calibration."""
        errors = getattr(self, readings.depth_metric)
        errors = errors and errors.clipped if readings.cap_mode == "clip" else errors
        errors = errors and errors.pooled if readings.metric_avg == "pooled" else errors
        return (errors or Errors()).named()

    def variants(self) -> dict[str, float | None]:
        """All numbers of the appendix by column."""
        numbers = {}
        for unit in ("disp_half", "disp_full", "depth_m"):
            errors = getattr(self, unit) or Errors()
            numbers |= errors.named(f"{unit}/")
            numbers |= (errors.pooled or Errors()).named(f"{unit}/pooled_")
            numbers |= (errors.clipped or Errors()).named(f"{unit}/clipped_")
            for limit in ("minimum", "cap"):
                numbers[f"{unit}/dropped_{limit}"] = (errors.dropped or {}).get(limit)
        return numbers


class Disparity(Task):
    """Trained on the right image. Maps: ``depth`` ``[1, H, W, 1]``, px of the network's image."""

    name, letters, title = "depth", "D", "disparity"
    head, result = HEADS["depth"], DepthResult
    training_parts, evaluation_parts = ("right",), ("disparity", "camera")
    kind, is_regression = "disparity", True

    def targets(self, images, lab, preparation):
        """``left`` and ``right``, ``[B, H, W, C]`` in the image space of the reconstruction loss."""
        from selfsup_segmentation.data.color import rgb_to_lab

        left, right = images["left"], images["right"]
        return {
            "left": preparation.reconstruction_image(left, lab),
            "right": preparation.reconstruction_image(right, rgb_to_lab(right)),
        }

    def loss(self, batch, logits, readings, statistics):
        """Squared error of the left image reconstructed from the right; mirrored pairs look the other way."""
        from selfsup_segmentation.losses import disparity_from_logits, reconstruction_loss

        disparity = disparity_from_logits(logits, readings.disp_scale)
        if "direction" in batch:
            disparity *= batch["direction"][:, None, None, None]
        border, mask_outside, reduce = readings.warp_border, readings.recon_mask_oob, readings.recon_reduce
        left, right, mask = batch["left"], batch["right"], batch["mask"]
        return reconstruction_loss(left, right, disparity, mask, border, mask_outside, reduce)

    def maps(self, logits, mask, native_size, readings):
        """Scaled sigmoid of the logits."""
        from selfsup_segmentation.losses import disparity_from_logits

        return {"depth": disparity_from_logits(logits, readings.disp_scale)}

    def score(self, cache, layout):
        """`DepthScore`."""
        return DepthScore(cache, layout)

    def picture(self, maps, image, statistics):
        """Disparity relative to the largest of the image: bright is near."""
        from matplotlib import colormaps

        disparity = maps["depth"][0, ..., 0]
        largest = max(float(disparity.max()), 1e-6)
        return colormaps["magma"](disparity / largest)[..., :3].astype(np.float32)

    def drawn(self, maps, image, statistics):
        """Float32 ``[H, W]``, px of the network's image."""
        return maps["depth"][0, ..., 0]

    def native(self, maps, image, fitted, statistics):
        """Float32 ``[H, W]``, px of the image in its file."""
        return enlarge(maps["depth"], image)[..., 0] * np.float32(image.shape[1] / fitted.shape[1])


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
        self.constant = ConstantDisparity(MINIMUM_DISPARITY, self.CAP)

    def read(self, index):
        """The ground truth of image ``index``: disparity in px of the network's image, NaN where unknown."""
        width, height = map(int, self.cache.valid_sizes[index])
        disparity = self.layout.read_disparity(self.cache.frames[index].disparity)
        return resize_disparity(disparity, (height, width))

    def update(self, index, truth, batch, maps):
        """Add one image."""
        frame = self.cache.frames[index]
        width, height = map(int, self.cache.valid_sizes[index])
        native_width = int(self.cache.native_sizes[index][0])
        prediction = maps["depth"][0, :height, :width, 0]
        self.constant.update(truth)
        self._add("disp_half", MINIMUM_DISPARITY, truth, prediction)
        image = DisparityErrors(self.CAP, MINIMUM_DISPARITY)
        image.update_state(truth, prediction)
        self.by_image[frame.name] = image.result()["abs_rel"]
        ratio = native_width / width
        self._add("disp_full", MINIMUM_DISPARITY * ratio, truth * ratio, prediction * ratio)
        if frame.camera is not None:
            camera = self.layout.read_camera(frame.camera)
            focal = camera.focal / ratio
            near = np.where(truth >= MINIMUM_DISPARITY, truth, np.nan)
            smallest = DisparityErrors.SMALLEST_PREDICTION
            pair = (near, np.maximum(prediction, smallest))
            depths = [depth_from_disparity(disparity, focal, camera.baseline) for disparity in pair]
            self._add("depth_m", smallest, *depths)

    def _add(self, unit, minimum, truth, prediction):
        if unit not in self.scores:
            self.scores[unit] = [DisparityErrors(self.CAP, minimum, mode) for mode in ("mask", "clip")]
        for score in self.scores[unit]:
            score.update_state(truth, prediction)

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
