"""A task's decoder: the second half of segmentation-models' U-Net."""

import keras

from selfsup_segmentation.models.encoder import unet_on


def build_decoder(task, channels, encoder, fused=True):
    """The decoder of one task, with skip connections and a linear head (section 4.1).

    Args:
        task: names the model ``decoder_<task>``.
        channels: of the head: 19 classes, 36 color classes or one disparity.
        encoder: from `models.encoder.build_encoder`, whose feature maps it takes.
        fused: see `models.encoder.unet`.

    Returns:
        ``keras.Model`` from the encoder's five feature maps, deepest first, to logits ``[B, H, W, channels]``
        at the size of the image, float32 whatever precision the global dtype policy is.
    """
    head = unet_on(encoder, channels, fused).get_layer("final_conv")
    features = head.input
    head.dtype_policy = "float32"  # in 8 or 11 bits a disparity would be off by up to half a pixel
    return keras.Model(encoder.outputs, head(features), name=f"decoder_{task}")
