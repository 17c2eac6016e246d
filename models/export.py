"""The segmentation network without the auxiliary tasks, for inference."""

import keras
from keras import ops

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
    """Build the segmentation network with RGB input from layers and ops of Keras only.

    It can be loaded without this project. Weights are copied, in float32.

    Args:
        model: model from `build_multitask_unet` with the task ``seg``.
        normalize: function of Lab images ``[B, H, W, 3]`` that returns the encoder's input, using arithmetic
            operators only: `data.pipeline.Preparation.network_input`.
        backbone: name of the model's encoder, one of `models.backbones.BACKBONES`.

    Returns:
        ``keras.Model`` from sRGB ``[B, H, W, 3]``, whole numbers 0..255 of any dtype, to logits float32
        ``[B, H, W, 19]``. If H or W is no multiple of 32, it raises an error. All logits of an image with
        other values are NaN: Keras casts an image before the network could refuse its dtype.
    """
    encoder = build_encoder(backbone, fused=False)
    decoder = build_decoder("seg", HEADS["seg"].channels, encoder, fused=False)
    for part in (encoder, decoder):
        part.set_weights(model.get_layer(part.name).get_weights())
    image = keras.layers.Input((None, None, 3), dtype="float32", name="image")
    byte = ops.clip(ops.cast(image, "int32"), 0, 255)
    linear = ops.take(LINEAR_OF_BYTE, byte, axis=0)
    lab = linear_to_lab([linear[..., channel] for channel in range(3)])
    logits = decoder(_without_lambda(encoder)(normalize(lab)))
    differs = ops.not_equal(ops.cast(byte, "float32"), image)
    refused = ops.logical_or(ops.any(differs, (1, 2, 3), keepdims=True), ops.any(differs, -1, keepdims=True))
    # Of some sizes the decoder returns a row more than the image has; these two shapes do not fit then.
    return keras.Model(image, ops.where(refused, float("nan"), logits), name="segmentation")


def _without_lambda(model):
    """The same layers with the functions of `Lambda` layers inlined, whose code a file could not bring."""

    def call(layer, *args, **kwargs):
        if isinstance(layer, keras.layers.Lambda):
            return layer.function(*args, **layer.arguments)
        return layer(*args, **kwargs)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
