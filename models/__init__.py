"""The network: a segmentation-models U-Net with one encoder and a decoder for every task."""

from models.decoder import build_decoder
from models.encoder import build_encoder
from models.export import segmentation_only
from models.multitask import build_multitask_unet

__all__ = ["build_decoder", "build_encoder", "build_multitask_unet", "segmentation_only"]
