"""Estimate the disparity of one stereo pair with the reconstruction loss (Eq. 2 and 3), without a network.

``python reconstruct_a_pair.py left.png right.png disparity.png`` takes a rectified pair and minimizes the
loss with respect to the disparity by gradient descent. Without arguments it renders a street scene.
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from selfsup_segmentation.data.pictures import read_picture
from selfsup_segmentation.data.scenes import render_scene
from selfsup_segmentation.losses import disparity_from_logits, reconstruction_loss

if len(sys.argv) > 2:
    pair = [read_picture(path) for path in sys.argv[1:3]]
else:
    scene = render_scene(seed=0, split="train", index=3, size=(128, 64))
    pair = [scene.left, scene.right]
left, right = (tf.constant(image[None], tf.float32) / 255 for image in pair)  # [1, H, W, 3] in 0..1
height, width = left.shape[1:3]

# One unknown per 8x8 pixels: the color of a single pixel is ambiguous, as many others look like it.
coarse = tf.Variable(tf.fill([1, -(-height // 8), -(-width // 8), 1], -3.0))
optimizer = keras.optimizers.Adam(0.1)


@tf.function
def descend():
    """One gradient step; returns the loss and the disparity ``[1, H, W, 1]`` in px."""
    with tf.GradientTape() as tape:
        disparity = disparity_from_logits(tf.image.resize(coarse, (height, width)), scale="0.3W")
        loss = reconstruction_loss(left, right, disparity)
    optimizer.apply([tape.gradient(loss, coarse)], [coarse])
    return loss, disparity


first, _ = descend()
for _ in range(150):
    last, disparity = descend()
print(f"reconstruction loss: {float(first):.5f} -> {float(last):.5f}")
print(f"disparity: {float(tf.reduce_min(disparity)):.1f} to {float(tf.reduce_max(disparity)):.1f} px")
if len(sys.argv) <= 2:
    error = np.abs(disparity[0, ..., 0] - scene.disparity)[~scene.occluded]
    print(f"median error: {np.nanmedian(error):.2f} px")
if len(sys.argv) > 3:  # KITTI's format: 256 times the disparity in px, as uint16
    Image.fromarray(np.round(disparity[0, ..., 0].numpy() * 256).astype(np.uint16)).save(sys.argv[3])
