"""The segmentation network alone: what runs in the car."""

import keras

from selfsup_segmentation.data.color import LINEAR_OF_BYTE, linear_to_lab
from selfsup_segmentation.models.decoder import build_decoder
from selfsup_segmentation.models.encoder import build_encoder
from selfsup_segmentation.models.heads import HEADS


def segmentation_only(model):
    """Cut encoder and segmentation decoder out of a multi-task model; the weights are shared, not copied.

    The self-supervised tasks cost nothing at inference (section 3): they are not in this model.

    Args:
        model: from `build_multitask_unet`, with the task ``seg``.

    Returns:
        ``keras.Model`` from standardized Lab ``[B, H, W, 3]`` to logits ``[B, H, W, 19]``, equal to the
        ``seg`` output of the whole to the bit.
    """
    lab = keras.layers.Input((None, None, 3), name="lab")
    return keras.Model(
        lab, model.get_layer("decoder_seg")(model.get_layer("encoder")(lab)), name="segmentation"
    )


def rgb_segmentation(model, normalize, backbone="resnet18"):
    """The segmentation network from a camera's image on, of Keras' own layers alone.

    Whoever loads it needs nothing of this project. The weights are copied, in float32.

    Args:
        model: from `build_multitask_unet`, with the task ``seg``.
        normalize: function of Lab ``[B, H, W, 3]`` that returns what the encoder sees, with arithmetic alone:
            `data.pipeline.Preparation.network_input`.
        backbone: of the model.

    Returns:
        ``keras.Model`` from sRGB uint8 ``[B, H, W, 3]``, H and W multiples of 32, to logits float32
        ``[B, H, W, 19]``.
    """
    encoder = build_encoder(backbone, fused=False)
    decoder = build_decoder("seg", HEADS["seg"].channels, encoder, fused=False)
    for part in (encoder, decoder):
        part.set_weights(model.get_layer(part.name).get_weights())
    image = keras.layers.Input((None, None, 3), dtype="uint8", name="image")
    logits = decoder(encoder(normalize(_lab_of_bytes(image))))
    return keras.Model(image, logits, name="segmentation")


def _lab_of_bytes(image):
    """`data.color.rgb_to_lab` of bytes, in ops that are saved with a model."""
    linear = keras.ops.take(LINEAR_OF_BYTE, keras.ops.cast(image, "int32"), axis=0)
    return linear_to_lab([linear[..., channel] for channel in range(3)])
