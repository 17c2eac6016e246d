"""The segmentation network without the auxiliary tasks, for inference."""

import keras

from selfsup_segmentation.data.color import LINEAR_OF_BYTE, linear_to_lab
from selfsup_segmentation.models.decoder import build_decoder
from selfsup_segmentation.models.encoder import build_encoder
from selfsup_segmentation.models.heads import HEADS


def segmentation_only(model):
    """Extract encoder and segmentation decoder of a multi-task model; weights are shared, not copied.

    The self-supervised tasks are not part of the result and cost nothing at inference (section 3).

    Args:
        model: model from `build_multitask_unet` with the task ``seg``.

    Returns:
        ``keras.Model`` from standardized Lab ``[B, H, W, 3]`` to logits ``[B, H, W, 19]``, bit-identical to
        the output ``seg`` of the multi-task model.
    """
    lab = keras.layers.Input((None, None, 3), name="lab")
    return keras.Model(
        lab, model.get_layer("decoder_seg")(model.get_layer("encoder")(lab)), name="segmentation"
    )


def rgb_segmentation(model, normalize, backbone="resnet18"):
    """Build the segmentation network with RGB input from layers of Keras only.

    It can be loaded without this project. Weights are copied, in float32.

    Args:
        model: model from `build_multitask_unet` with the task ``seg``.
        normalize: function of Lab images ``[B, H, W, 3]`` that returns the encoder's input, using arithmetic
            operators only: `data.pipeline.Preparation.network_input`.
        backbone: name of the model's encoder, one of `models.backbones.BACKBONES`.

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
    """`data.color.rgb_to_lab` of uint8 ``[B, H, W, 3]``, in ops that can be saved with a model."""
    linear = keras.ops.take(LINEAR_OF_BYTE, keras.ops.cast(image, "int32"), axis=0)
    return linear_to_lab([linear[..., channel] for channel in range(3)])
