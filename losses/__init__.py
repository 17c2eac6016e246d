"""Losses of the paper, one per file: functions of tensors that are independent of models and data."""

from selfsup_segmentation.losses.colorization import colorization_loss
from selfsup_segmentation.losses.reconstruction import (
    disparity_from_logits,
    reconstruction_loss,
    warp_right_to_left,
)
from selfsup_segmentation.losses.segmentation import segmentation_loss

__all__ = [
    "colorization_loss",
    "disparity_from_logits",
    "reconstruction_loss",
    "segmentation_loss",
    "warp_right_to_left",
]
