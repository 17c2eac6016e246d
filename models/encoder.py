"""Shared encoder: a backbone of segmentation-models that outputs its five feature maps."""

import contextlib
import io
import os
import types

os.environ["SM_FRAMEWORK"] = "tf.keras"  # read at import; the only value that works with Keras 3

import keras

with contextlib.redirect_stdout(io.StringIO()):  # importing it prints a message
    from segmentation_models.backbones.backbones_factory import Backbones
    from segmentation_models.models import unet as sm_unet

from selfsup_segmentation.data import keras_settings
from selfsup_segmentation.models.backbones import BACKBONES
from selfsup_segmentation.models.batch_normalization import FusedBatchNormalization
from selfsup_segmentation.models.upsampling import BroadcastUpSampling2D

keras_settings.check()

# segmentation-models builds the network from a given module of layers: those of Keras except for these two.
_OURS = {"BatchNormalization": FusedBatchNormalization, "UpSampling2D": BroadcastUpSampling2D}
_FUSED = types.SimpleNamespace(**vars(keras.layers) | _OURS)
# Keras 3 removed `int_shape` from the backend, which some encoders call.
_BACKEND = types.SimpleNamespace(**vars(keras.backend) | {"int_shape": lambda tensor: tuple(tensor.shape)})
_SUBMODULES = {"backend": _BACKEND, "models": keras.models, "utils": keras.utils}


def unet(classes, backbone="resnet18", fused=True, filters=(256, 128, 64, 32, 16)):
    """Build segmentation-models' U-Net with a linear head and random weights.

    Args:
        classes: output channels.
        backbone: name of the encoder, one of `models.backbones.BACKBONES`.
        fused: whether BatchNormalization and upsampling are this project's faster layers; otherwise all
            layers are those of Keras. The weights are the same.
        filters: output channels of the decoder's blocks, deepest first; with an empty tuple the head follows
            the deepest feature map.

    Returns:
        ``keras.Model`` from images ``[B, H, W, 3]`` to logits ``[B, H, W, classes]``; H, W multiples of 32.

    Raises:
        ValueError: the backbone is unknown.
    """
    if backbone not in BACKBONES:
        raise ValueError(f"the backbone is one of {', '.join(BACKBONES)}, not {backbone!r}")
    return sm_unet.Unet(
        backbone,
        classes=classes,
        activation="linear",
        encoder_weights=None,
        decoder_filters=filters,
        layers=_layers(fused),
        **_SUBMODULES,
    )


def unet_on(encoder, classes, fused=True):
    """Build segmentation-models' U-Net on an existing encoder.

    Args:
        encoder: model from `build_encoder`; its layers are shared.
        classes: output channels.
        fused: whether the project's BatchNorm and upsampling are used, see `unet`.

    Returns:
        ``keras.Model`` from images ``[B, H, W, 3]`` to logits ``[B, H, W, classes]``.
    """
    deepest, *skips = encoder.outputs
    # `Unet` passes these to `build_unet` as globals of its module.
    sm_unet.backend, sm_unet.models, sm_unet.keras_utils = _SUBMODULES.values()
    sm_unet.layers = _layers(fused)
    return sm_unet.build_unet(
        keras.Model(encoder.inputs, deepest),
        sm_unet.DecoderUpsamplingX2Block,
        [skip._keras_history.operation.name for skip in skips],
        classes=classes,
        activation="linear",
    )


def _layers(fused):
    return _FUSED if fused else keras.layers


def build_encoder(backbone="resnet18", fused=True):
    """Build the encoder of Fig. 1 with random weights, a pre-activation ResNet18 by default.

    Args:
        backbone: name of the encoder, one of `models.backbones.BACKBONES`.
        fused: whether the project's BatchNorm is used, see `unet`.

    Returns:
        ``keras.Model`` named ``encoder`` from ``[B, H, W, 3]`` to five feature maps, deepest first (strides
        32, 16, 8, 4, 2).
    """
    model = unet(1, backbone, fused, filters=())
    skips = [
        model.get_layer(name=layer) if isinstance(layer, str) else model.get_layer(index=layer)
        for layer in Backbones.get_feature_layers(backbone, n=4)
    ]
    features = [model.get_layer("final_conv").input, *(layer.output for layer in skips)]
    return keras.Model(model.input, features, name="encoder")
