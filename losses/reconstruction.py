"""Eq. 2 and 3: reconstruction of the left image from the right one, and its squared error."""

import tensorflow as tf

from selfsup_segmentation.losses.normalize import divide


def disparity_from_logits(logits, scale="0.3W"):
    """Sigmoid of section 3.1, scaled to pixels.

    The paper's sigmoid is in (0, 1), without a unit. A sigmoid of 1 is 0.3 times the image width with
    ``0.3W``, the convention of the monodepth work that the paper follows; the image width with ``W``; and
    50 px at a width of 1024 with ``50px``, the largest disparity that the paper evaluates.

    Args:
        logits: disparity logits, float ``[B, H, W, 1]``.
        scale: ``0.3W``, ``W`` or ``50px``.

    Returns:
        float32 ``[B, H, W, 1]``, disparity in px at the width W of the logits.
    """
    width = tf.cast(tf.shape(logits)[2], tf.float32)
    ratio = {"0.3W": 0.3, "W": 1.0, "50px": 50.0 / 1024.0}[scale]
    return ratio * width * tf.sigmoid(tf.cast(logits, tf.float32))


def warp_right_to_left(right, disparity, border="edge"):
    """``Î^l(x, y) = I^r(x - d(x, y), y)`` by linear interpolation along the row (Eq. 2).

    Args:
        right: right image of a rectified pair, ``[B, H, W, C]``.
        disparity: disparity of the left view, ``[B, H, W, 1]``, px at width W; positive for points in front
            of the cameras.
        border: ``edge`` repeats the first and last column outside the image, ``zero`` fades to zero
            within one pixel.

    Returns:
        float32 ``[B, H, W, C]``, NaN where the disparity is NaN; differentiable with respect to the disparity
        and the right image.
    """
    right = tf.cast(right, tf.float32)
    width = tf.shape(right)[2]
    columns = tf.cast(tf.range(width), tf.float32)
    x = columns - tf.cast(disparity, tf.float32)[..., 0]
    if border == "zero":  # one column of zeros on each side represents all pixels outside
        right = tf.pad(right, [[0, 0], [0, 0], [1, 1], [0, 0]])
        x, width = x + 1.0, width + 2
    last = tf.cast(width - 1, tf.float32)
    x = tf.clip_by_value(x, 0.0, last)
    left_column = tf.clip_by_value(tf.floor(x), 0.0, tf.maximum(last - 1.0, 0.0))
    # NaN is not a valid index; `fraction` stays NaN, so that the loss is NaN and divergence is detected.
    left_column = tf.where(tf.math.is_nan(x), 0.0, left_column)
    fraction = (x - left_column)[..., None]
    index = tf.cast(left_column, tf.int32)
    a = tf.gather(right, index, batch_dims=2)
    b = tf.gather(right, tf.minimum(index + 1, width - 1), batch_dims=2)
    return a + fraction * (b - a)


def reconstruction_loss(left, right, disparity, mask=None, border="edge", mask_outside=False, reduce="mean"):
    """``L_depth = (1/N) Σ_i (I^l_i - Î^l_i)²`` with Î from `warp_right_to_left` (Eq. 3).

    Args:
        left, right: rectified pair, ``[B, H, W, C]``; by default of this project Lab scaled to [0, 1].
        disparity: disparity of the left view, ``[B, H, W, 1]``, px at width W.
        mask: optional ``[B, H, W]``, 1 for pixels that count, 0 for padding; None counts all.
        border: values outside the right image, ``edge`` or ``zero``, see `warp_right_to_left`.
        mask_outside: exclude pixels whose position in the right image is outside of it.
        reduce: ``mean`` over the channels, or their ``sum``.

    Returns:
        float32 scalar; 0 if no pixel counts.
    """
    error = tf.square(tf.cast(left, tf.float32) - warp_right_to_left(right, disparity, border))
    error = tf.reduce_mean(error, axis=-1) if reduce == "mean" else tf.reduce_sum(error, axis=-1)
    counts = tf.ones_like(error) if mask is None else tf.cast(mask, tf.float32)
    if mask_outside:
        width = tf.shape(left)[2]
        x = tf.cast(tf.range(width), tf.float32) - tf.cast(disparity, tf.float32)[..., 0]
        counts *= tf.cast((x >= 0) & (x <= tf.cast(width - 1, tf.float32)), tf.float32)
    return divide(tf.reduce_sum(error * counts), tf.reduce_sum(counts))
