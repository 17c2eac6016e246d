"""The shared encoder: segmentation-models' backbone with its five feature maps as outputs."""

import contextlib
import io
import os
import types

os.environ["SM_FRAMEWORK"] = "tf.keras"  # read at import; the only one that works with Keras 3

import keras

with contextlib.redirect_stdout(io.StringIO()):  # it prints a greeting
    from segmentation_models.backbones.backbones_factory import Backbones
    from segmentation_models.models import unet as sm_unet

from models.batch_normalization import FusedBatchNormalization

# segmentation-models builds from whatever layers it is handed: its own Keras', but for one.
_SUBMODULES = {
    "backend": keras.backend,
    "layers": types.SimpleNamespace(**vars(keras.layers) | {"BatchNormalization": FusedBatchNormalization}),
    "models": keras.models,
    "utils": keras.utils,
}


def unet(classes, backbone="resnet18"):
    """segmentation-models' U-Net with a linear head and random weights; encoder and decoders are cut from it.

    Args:
        classes: channels of the head.
        backbone: one of segmentation-models' names.

    Returns:
        ``keras.Model`` from images ``[B, H, W, 3]`` to logits ``[B, H, W, classes]``; H, W multiples of 32.
    """
    return sm_unet.Unet(backbone, classes=classes, activation="linear", encoder_weights=None, **_SUBMODULES)


def feature_tensors(model, backbone="resnet18"):
    """The five tensors of a U-Net at which its encoder ends, deepest first (strides 32, 16, 8, 4, 2)."""
    skips = [
        model.get_layer(name=layer) if isinstance(layer, str) else model.get_layer(index=layer)
        for layer in Backbones.get_feature_layers(backbone, n=4)
    ]
    deepest = model.get_layer("decoder_stage0_upsampling").input
    return [deepest, *(layer.output for layer in skips)]


def build_encoder(backbone="resnet18"):
    """The encoder of Fig. 1, a pre-activation ResNet18 by default, randomly initialized.

    Args:
        backbone: one of segmentation-models' names.

    Returns:
        ``keras.Model`` named ``encoder`` from ``[B, H, W, 3]`` to five feature maps, deepest first.
    """
    model = unet(1, backbone)
    return keras.Model(model.input, feature_tensors(model, backbone), name="encoder")
