"""The segmentation network alone: what runs in the car."""

import keras


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
