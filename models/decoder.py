"""A task's decoder: the second half of segmentation-models' U-Net."""

import keras

from models.encoder import feature_tensors, unet


def build_decoder(task, channels, backbone="resnet18", fused=True):
    """The decoder of one task, with skip connections and a linear head (section 4.1).

    Args:
        task: names the model ``decoder_<task>``.
        channels: of the head: 19 classes, 36 color classes or one disparity.
        backbone: whose feature maps it takes.
        fused: see `models.encoder.unet`.

    Returns:
        ``keras.Model`` from the encoder's five feature maps, deepest first, to logits ``[B, H, W, channels]``
        at the size of the image, float32 whatever precision the global dtype policy is.
    """
    model = unet(channels, backbone, fused)
    head = model.get_layer("final_conv")
    features = head.input
    head.dtype_policy = "float32"  # in 8 or 11 bits a disparity would be off by up to half a pixel
    return keras.Model(feature_tensors(model, backbone), head(features), name=f"decoder_{task}")
