"""Eq. 4: cross-entropy of the semantic segmentation."""

import tensorflow as tf

from selfsup_segmentation.losses.normalize import divide

IGNORE = 255


def segmentation_loss(labels, logits, norm="valid"):
    """``L_seg = -(1/N) Σ_i S_i log Ŝ_i`` with Ŝ = softmax of the logits (Eq. 4).

    Pixels labelled 255 carry no class and count neither in the sum nor in N.

    Args:
        labels: trainIds ``[B, H, W]``, integer, 0..18 or 255 = ignore.
        logits: ``[B, H, W, 19]``.
        norm: ``valid`` divides by the labelled pixels, ``total`` by all pixels.

    Returns:
        float32 scalar; 0 when no pixel is labelled.
    """
    labels = tf.cast(labels, tf.int32)
    valid = labels != IGNORE
    # The op is undefined for labels outside the classes: give ignored pixels class 0, then drop them.
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.where(valid, labels, 0), tf.cast(logits, tf.float32)
    )
    valid = tf.cast(valid, tf.float32)
    pixels = tf.reduce_sum(valid) if norm == "valid" else tf.cast(tf.size(labels), tf.float32)
    return divide(tf.reduce_sum(entropy * valid), pixels)
