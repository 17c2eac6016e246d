"""The network: a segmentation-models U-Net with one encoder and a decoder for every task."""

from selfsup_segmentation.models.decoder import build_decoder
from selfsup_segmentation.models.encoder import build_encoder
from selfsup_segmentation.models.export import segmentation_only
from selfsup_segmentation.models.multitask import build_multitask_unet

__all__ = ["build_decoder", "build_encoder", "build_multitask_unet", "segmentation_only"]
