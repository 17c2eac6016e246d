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

from selfsup_segmentation.models.backbones import BACKBONES
from selfsup_segmentation.models.batch_normalization import FusedBatchNormalization
from selfsup_segmentation.models.upsampling import BroadcastUpSampling2D

# segmentation-models builds from whatever layers it is handed: Keras', but for these.
_OURS = {"BatchNormalization": FusedBatchNormalization, "UpSampling2D": BroadcastUpSampling2D}
_FUSED = types.SimpleNamespace(**vars(keras.layers) | _OURS)
# Keras 3 has dropped a function from the backend that some encoders ask for the channels of a tensor.
_BACKEND = types.SimpleNamespace(**vars(keras.backend) | {"int_shape": lambda tensor: tuple(tensor.shape)})
_SUBMODULES = {"backend": _BACKEND, "models": keras.models, "utils": keras.utils}


def unet(classes, backbone="resnet18", fused=True, filters=(256, 128, 64, 32, 16)):
    """segmentation-models' U-Net with a linear head and random weights.

    Args:
        classes: channels of the head.
        backbone: one of `models.backbones.BACKBONES`.
        fused: with our BatchNormalization and upsampling; without, all layers are Keras'. Weights are equal.
        filters: of the decoder's blocks; with none of them the head is on the deepest feature map.

    Returns:
        ``keras.Model`` from images ``[B, H, W, 3]`` to logits ``[B, H, W, classes]``; H, W multiples of 32.

    Raises:
        ValueError: no such backbone.
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
    """segmentation-models' U-Net whose encoder is there already.

    Args:
        encoder: from `build_encoder`.
        classes, fused: see `unet`.

    Returns:
        ``keras.Model`` from images to logits, of the encoder's layers and new ones.
    """
    deepest, *skips = encoder.outputs
    # What `Unet` hands to `build_unet` by its module's globals.
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
    """The encoder of Fig. 1, a pre-activation ResNet18 by default, randomly initialized.

    Args:
        backbone, fused: see `unet`.

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
