"""Input pipeline (tf.data): batches of network inputs and targets from cached frames."""

import dataclasses

import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.color import ColorStatistics, rgb_to_lab

# All functions here use TensorFlow ops only: AutoGraph would take a second and change nothing.
AS_IT_IS = tf.autograph.experimental.do_not_convert


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Converts uint8 images to network inputs and targets of the losses, with TensorFlow ops.

    Attributes:
        tasks: objects as `experiments.tasks.task.Task`; only what they need is computed.
        statistics: color statistics of the training images.
        input_norm: ``standard`` (Lab minus mean over std of the training images), ``raw`` Lab, or ``unit``
            (Lab scaled to [0, 1]).
        recon_space: image space of the depth loss: ``lab01`` (L/100, (a+128)/255, (b+128)/255),
            ``L`` (L/100), ``rgb01`` or ``lab_raw``.
    """

    tasks: tuple
    statistics: ColorStatistics
    input_norm: str = "standard"
    recon_space: str = "lab01"

    def network_input(self, lab):
        """Lab ``[..., 3]`` → the normalized image that the encoder sees."""
        if self.input_norm == "raw":
            return lab
        if self.input_norm == "unit":
            return lab_to_unit(lab)
        return (lab - np.float32(self.statistics.mean)) / np.float32(self.statistics.std)

    def reconstruction_image(self, rgb, lab):
        """The image that Eq. 3 compares, float32 ``[..., C]``."""
        if self.recon_space == "rgb01":
            return tf.cast(rgb, tf.float32) / 255.0
        if self.recon_space == "L":
            return lab[..., :1] / 100.0
        return lab if self.recon_space == "lab_raw" else lab_to_unit(lab)

    def __call__(self, images):
        """Prepare a batch.

        Args:
            images: dict of uint8 ``left`` ``[B, H, W, 3]``, the tasks' training parts (``right``
                ``[B, H, W, 3]``, ``labels`` ``[B, H, W]``), and int32 ``valid_size`` ``[B, 2]`` (width,
                height). With a bool ``mirrored`` ``[B]``, those where it is true are mirrored left to right.

        Returns:
            Dict with the image of each of the tasks' streams (``lab``, ``gray``), the targets of each task
            whose training parts are among ``images``, and ``mask`` ``[B, H, W]``, 1 inside the image and 0 on
            padding. With ``mirrored``, also ``direction`` ``[B]``, the sign of the disparity between left and
            right: -1 in a mirrored pair.
        """
        height, width = tf.shape(images["left"])[1], tf.shape(images["left"])[2]
        batch = {"mask": inside(images["valid_size"], height, width)}
        if "mirrored" in images:
            # Only left images have labels, so left and right are not swapped: the disparity keeps its size,
            # but is applied in the opposite direction.
            batch["direction"] = tf.where(images["mirrored"], -1.0, 1.0)
            batch["mask"] = _mirror(batch["mask"], images["mirrored"])
            images = images | {
                part: _mirror(images[part], images["mirrored"])
                for part in ("left", "right", "labels")
                if part in images
            }
        lab = rgb_to_lab(images["left"])
        normalized = self.network_input(lab)
        for task in self.tasks:
            batch[task.head.stream] = task.image(normalized)
            if images.keys() >= set(task.training_parts):
                batch |= task.targets(images, lab, self)
        return batch


def lab_to_unit(lab):
    """Lab scaled to [0, 1]: L/100, (a+128)/255, (b+128)/255; never 0 or 1 in a and b within sRGB."""
    return (lab + np.float32([0, 128, 128])) / np.float32([100, 255, 255])


def inside(valid_size, height, width):
    """1 where a pixel belongs to the image and 0 on padding, float32 ``[B, H, W]``."""
    columns = tf.range(width)[None, None, :] < valid_size[:, 0, None, None]
    rows = tf.range(height)[None, :, None] < valid_size[:, 1, None, None]
    return tf.cast(tf.logical_and(columns, rows), tf.float32)


def _mirror(images, mirrored):
    """Images ``[B, H, W, …]``, mirrored left to right where ``mirrored`` ``[B]`` is true."""
    where = tf.reshape(mirrored, [-1] + [1] * (len(images.shape) - 1))
    return tf.where(where, tf.reverse(images, axis=[2]), images)


def training_batches(cache, preparation, batch_size, seed, epochs, start_step=0, augment="none"):
    """Training batches of a run, starting at any step.

    The frame at a position is a pure function of (seed, epoch, position), a random permutation without a
    shuffle buffer, so a run can resume at any step. The last, incomplete batch of an epoch is dropped.

    Args:
        cache: frames, a `data.cache.FrameCache` after `build`.
        preparation: conversion of images to inputs and targets.
        batch_size: frames per step, from 1 to the number of frames.
        seed: seed of the order.
        epochs: number of epochs of the run.
        start_step: first step, counted from the start of the run.
        augment: ``none``, or ``flip``: each frame is mirrored with probability 1/2, also a pure function of
            (seed, epoch, position).

    Returns:
        ``tf.data.Dataset`` of the dicts that `Preparation` returns.
    """
    per_epoch = len(cache) // batch_size * batch_size

    def frame_at(sample):
        index = _index_at(sample, len(cache), per_epoch, seed)
        if augment == "none":
            return (index,)
        coin = tf.random.stateless_uniform([], tf.stack([tf.constant(seed, tf.int64), sample]))
        return index, coin < 0.5

    samples = tf.data.Dataset.range(start_step * batch_size, epochs * per_epoch)
    return _prepared(samples.map(AS_IT_IS(frame_at)), cache, preparation, batch_size, drop_remainder=True)


def _index_at(sample, frames, per_epoch, seed):
    """Index of the ``sample``-th frame of a run, an int64 scalar."""
    sample = tf.cast(sample, tf.int64)
    epoch, position = sample // per_epoch, sample % per_epoch
    key = tf.stack([tf.constant(seed, tf.int64), epoch])
    return tf.random.experimental.index_shuffle(position, key, tf.constant(frames - 1, tf.int64))


def frames_of_step(cache, batch_size, seed, step):
    """Names of the frames of a step of `training_batches`, counted from 0."""
    per_epoch = len(cache) // batch_size * batch_size
    samples = range(step * batch_size, (step + 1) * batch_size)
    return [cache.frames[int(_index_at(sample, len(cache), per_epoch, seed))].name for sample in samples]


def ordered_batches(cache, preparation, batch_size=1, indices=None):
    """Batches of every frame once in order, or of the frames ``indices``; the last batch may be smaller.

    Other arguments and the result are those of `training_batches`.
    """
    chosen = range(len(cache)) if indices is None else indices
    frames = tf.data.Dataset.from_tensor_slices(np.asarray(chosen, np.int64))
    return _prepared(frames, cache, preparation, batch_size, drop_remainder=False)


def _prepared(samples, cache, preparation, batch_size, drop_remainder):
    needed = {"left"}.union(*(task.training_parts for task in preparation.tasks))
    parts = [part for part in cache.parts if part in needed]
    # Created outside of `load`: inside, they would be constants of its graph, which is limited to 2 GB.
    with tf.device("CPU:0"):
        stored = {
            part: tf.constant(cache.array(part) if cache.folder is None else cache.paths(part))
            for part in parts
        }
        valid_sizes = tf.constant(cache.valid_sizes)

    def load(index, mirrored=None):
        images = {part: tf.gather(stored[part], index) for part in parts}
        if cache.folder is not None:
            images = {
                part: tf.reshape(tf.io.decode_raw(tf.io.read_file(path), tf.uint8), cache.shape(part))
                for part, path in images.items()
            }
        images["valid_size"] = tf.gather(valid_sizes, index)
        return images if mirrored is None else images | {"mirrored": mirrored}

    frames = samples.map(AS_IT_IS(load), num_parallel_calls=tf.data.AUTOTUNE)
    batches = frames.batch(batch_size, drop_remainder=drop_remainder)
    return batches.map(AS_IT_IS(preparation), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
