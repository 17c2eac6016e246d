"""Eq. 4: cross-entropy of the semantic segmentation."""

import tensorflow as tf

from selfsup_segmentation.losses.normalize import divide

IGNORE = 255


def segmentation_loss(labels, logits, norm="valid"):
    """``L_seg = -(1/N) Σ_i S_i log Ŝ_i`` with Ŝ = softmax of the logits (Eq. 4).

    Pixels labelled 255 (ignore) are excluded from the sum and from N.

    Args:
        labels: trainIds ``[B, H, W]``, integer, 0..18 or 255 = ignore.
        logits: class logits, float ``[B, H, W, 19]``.
        norm: N is the number of labelled pixels with ``valid``, of all pixels with ``total``.

    Returns:
        float32 scalar; 0 when no pixel is labelled.
    """
    labels = tf.cast(labels, tf.int32)
    valid = labels != IGNORE
    # The op is undefined for labels outside 0..18: ignored pixels get class 0 and weight 0.
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.where(valid, labels, 0), tf.cast(logits, tf.float32)
    )
    valid = tf.cast(valid, tf.float32)
    pixels = tf.reduce_sum(valid) if norm == "valid" else tf.cast(tf.size(labels), tf.float32)
    return divide(tf.reduce_sum(entropy * valid), pixels)
