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

# DenseNets have layers of names that Keras 3 refuses; EfficientNets leave out branches by a random number
# that no seed governs, so that the same run would give other numbers. SENet-154 was not seen to build.
_LEFT_OUT = ("densenet", "efficientnet", "senet154")
BACKBONES = tuple(name for name in Backbones.models if not name.startswith(_LEFT_OUT))

# segmentation-models builds from whatever layers it is handed: Keras', but for one.
_FUSED = types.SimpleNamespace(**vars(keras.layers) | {"BatchNormalization": FusedBatchNormalization})
# Keras 3 has dropped a function from the backend that some encoders ask for the channels of a tensor.
_BACKEND = types.SimpleNamespace(**vars(keras.backend) | {"int_shape": lambda tensor: tuple(tensor.shape)})
_SUBMODULES = {"backend": _BACKEND, "models": keras.models, "utils": keras.utils}


def unet(classes, backbone="resnet18", fused=True):
    """segmentation-models' U-Net with a linear head and random weights; encoder and decoders are cut from it.

    Args:
        classes: channels of the head.
        backbone: one of `BACKBONES`.
        fused: with our BatchNormalization; without, there is no layer but Keras' own. Weights are the same.

    Returns:
        ``keras.Model`` from images ``[B, H, W, 3]`` to logits ``[B, H, W, classes]``; H, W multiples of 32.

    Raises:
        ValueError: no such backbone.
    """
    if backbone not in BACKBONES:
        raise ValueError(f"the backbone is one of {', '.join(BACKBONES)}, not {backbone!r}")
    layers = _FUSED if fused else keras.layers
    return sm_unet.Unet(
        backbone, classes=classes, activation="linear", encoder_weights=None, layers=layers, **_SUBMODULES
    )


def feature_tensors(model, backbone="resnet18"):
    """The five tensors of a U-Net at which its encoder ends, deepest first (strides 32, 16, 8, 4, 2)."""
    skips = [
        model.get_layer(name=layer) if isinstance(layer, str) else model.get_layer(index=layer)
        for layer in Backbones.get_feature_layers(backbone, n=4)
    ]
    deepest = model.get_layer("decoder_stage0_upsampling").input
    return [deepest, *(layer.output for layer in skips)]


def build_encoder(backbone="resnet18", fused=True):
    """The encoder of Fig. 1, a pre-activation ResNet18 by default, randomly initialized.

    Args:
        backbone, fused: see `unet`.

    Returns:
        ``keras.Model`` named ``encoder`` from ``[B, H, W, 3]`` to five feature maps, deepest first.
    """
    model = unet(1, backbone, fused)
    return keras.Model(model.input, feature_tensors(model, backbone), name="encoder")
