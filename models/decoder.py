"""Decoder of one task: the second half of segmentation-models' U-Net."""

import keras

from selfsup_segmentation.models.encoder import unet_on


def build_decoder(task, channels, encoder, fused=True):
    """Build the decoder of one task, with skip connections and a linear head (section 4.1).

    Args:
        task: name of the task; the model is called ``decoder_<task>``.
        channels: output channels: 19 for segmentation, 36 for colorization, 1 for disparity.
        encoder: encoder from `models.encoder.build_encoder` whose feature maps are the input.
        fused: whether the project's BatchNorm and upsampling are used, see `models.encoder.unet`.

    Returns:
        ``keras.Model`` from the encoder's five feature maps, deepest first, to logits ``[B, H, W, channels]``
        at the size of the image, float32 regardless of the global dtype policy.
    """
    head = unet_on(encoder, channels, fused).get_layer("final_conv")
    features = head.input
    head.dtype_policy = "float32"  # 8 or 11 bits would round a disparity by up to half a pixel
    return keras.Model(encoder.outputs, head(features), name=f"decoder_{task}")
