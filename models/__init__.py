"""The network: U-Net of segmentation-models with one shared encoder and one decoder per task.

Functions are imported on first use, so that `models.backbones` can be imported without TensorFlow.
"""

import importlib

from selfsup_segmentation.data import keras_settings

_MODULES = {
    "build_decoder": "decoder",
    "build_encoder": "encoder",
    "build_multitask_unet": "multitask",
    "segmentation_only": "export",
}
__all__ = ["build_decoder", "build_encoder", "build_multitask_unet", "segmentation_only"]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    keras_settings.check()  # before the module imports Keras
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
