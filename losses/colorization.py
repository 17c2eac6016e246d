"""Eq. 1: class-weighted cross-entropy of the colorization."""

import tensorflow as tf

from selfsup_segmentation.losses.normalize import divide


def colorization_loss(classes, logits, class_weights, mask=None, norm="pixels"):
    """``L_color = -(1/N) Σ_i w_i C_i log Ĉ_i`` with Ĉ = softmax of the logits (Eq. 1).

    Args:
        classes: color classes ``[B, H, W]``, integer, 0..35.
        logits: color logits, float ``[B, H, W, 36]``.
        class_weights: float ``[36]``, ≥ 0; w_i is the weight of the true class of pixel i.
        mask: optional ``[B, H, W]``, 1 for pixels that count, 0 for padding; None counts all.
        norm: ``pixels`` divides by the number of pixels N (Eq. 1), ``weights`` by the sum of their weights.

    Returns:
        float32 scalar; 0 if no pixel counts.
    """
    classes = tf.cast(classes, tf.int32)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, tf.cast(logits, tf.float32))
    counts = tf.ones_like(entropy) if mask is None else tf.cast(mask, tf.float32)
    weights = tf.gather(tf.cast(class_weights, tf.float32), classes) * counts
    total = tf.reduce_sum(weights if norm == "weights" else counts)
    return divide(tf.reduce_sum(entropy * weights), total)
