"""CIE Lab, the 36 color classes and their weights (section 3.1 of the paper).

Lab follows scikit-image's convention (sRGB, D65, 2° observer): L in 0..100, a and b roughly -108..98.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import tensorflow as tf
from keras import ops

_RGB_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
# Dividing the matrix by the white point saves a multiplication per pixel.
_RGB_TO_SCALED_XYZ = (_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)
_SCALED_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)


def _linear_from_srgb(srgb):
    return np.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)


LINEAR_OF_BYTE = _linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)


def rgb_to_lab(rgb):
    """Convert sRGB to Lab with TensorFlow ops; equals ``skimage.color.rgb2lab`` to 1e-3.

    Args:
        rgb: ``[..., 3]``, uint8 or float in [0, 1].

    Returns:
        float32 tensor ``[..., 3]``: L in 0..100, a in -86.2..98.3, b in -107.9..94.5.
    """
    rgb = tf.convert_to_tensor(rgb)
    if rgb.dtype == tf.uint8:  # a lookup table of 256 entries replaces computing powers
        linear = [tf.gather(LINEAR_OF_BYTE, plane) for plane in tf.unstack(tf.cast(rgb, tf.int32), axis=-1)]
    else:
        rgb = tf.cast(rgb, tf.float32)
        curved = tf.pow((tf.maximum(rgb, 0.04045) + 0.055) / 1.055, 2.4)
        linear = tf.unstack(tf.where(rgb > 0.04045, curved, rgb / 12.92), axis=-1)
    return linear_to_lab(linear)


def linear_to_lab(planes):
    """Convert linear RGB, three planes float32 ``[...]`` in [0, 1], to Lab, float32 ``[..., 3]``.

    In Keras' ops, which are saved with a model that contains them.
    """
    fx, fy, fz = map(_lab_curve, _mix_planes(planes, _RGB_TO_SCALED_XYZ))
    return ops.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], axis=-1)


def _lab_curve(plane):
    # On a CPU, logarithm and exponential are vectorized, unlike the power.
    root = ops.exp(ops.log(ops.maximum(plane, 0.008856)) * float(np.float32(1 / 3)))
    return ops.where(plane > 0.008856, root, 7.787 * plane + 16.0 / 116.0)


def lab_to_rgb(lab):
    """Convert Lab to sRGB; colors outside the sRGB gamut are clipped.

    Args:
        lab: float ``[..., 3]``: L in 0..100, a and b in Lab units.

    Returns:
        float32 tensor ``[..., 3]`` in [0, 1].
    """
    lab = tf.cast(lab, tf.float32)
    fy = (lab[..., 0] + 16.0) / 116.0
    f = tf.maximum(tf.stack([fy + lab[..., 1] / 500.0, fy, fy - lab[..., 2] / 200.0], axis=-1), 0.0)
    xyz = tf.where(f > 0.2068966, f**3, (f - 16.0 / 116.0) / 7.787)
    linear = tf.stack(_mix_planes(tf.unstack(xyz, axis=-1), _SCALED_XYZ_TO_RGB), axis=-1)
    linear = tf.clip_by_value(linear, 0.0, 1.0)
    curved = 1.055 * tf.pow(tf.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
    return tf.where(linear > 0.0031308, curved, 12.92 * linear)


def recolor(rgb, ab):
    """An image (as for `rgb_to_lab`) with other colors ``ab``, Lab units ``[..., 2]``, at its own lightness.

    Returns:
        RGB, float32 tensor ``[..., 3]`` in [0, 1].
    """
    return lab_to_rgb(tf.concat([rgb_to_lab(rgb)[..., :1], tf.cast(ab, tf.float32)], axis=-1))


def _mix_planes(planes, matrix):
    """Matrix times every pixel, without matmul, whose factors a GPU may round to 10 bits (TF32)."""
    x, y, z = planes
    return [a * x + b * y + c * z for a, b, c in matrix.tolist()]


class ColorBins:
    """The 36 color classes: six uniform bins of a and of b over mean ± 2 standard deviations.

    Section 3.1: a and b are clipped to that range (values outside belong to the outermost bins), each range
    is divided into six bins, and the class of a pixel is ``6 * bin_of_a + bin_of_b``.

    Args:
        mean_ab: means of a and b over the training images.
        std_ab: population standard deviations of a and b, > 0.
    """

    BINS = 6
    CLASSES = BINS * BINS

    def __init__(self, mean_ab, std_ab):
        self.mean_ab = np.asarray(mean_ab, np.float64).reshape(2)
        self.std_ab = np.asarray(std_ab, np.float64).reshape(2)
        if not np.isfinite([self.mean_ab, self.std_ab]).all() or (self.std_ab <= 0).any():
            raise ValueError(f"color bins need finite means and positive deviations, not {mean_ab}, {std_ab}")
        self._low = self.mean_ab - 2 * self.std_ab
        self._width = 4 * self.std_ab / self.BINS

    @property
    def centers(self):
        """Bin centers ``[36, 2]`` (a, b) in Lab units, float32, in the order of the classes."""
        centers = self._low[:, None] + self._width[:, None] * (np.arange(self.BINS) + 0.5)
        grid = np.meshgrid(centers[0], centers[1], indexing="ij")
        return np.stack(grid, axis=-1).reshape(-1, 2).astype(np.float32)

    def encode(self, lab):
        """Color class of every pixel.

        Args:
            lab: Lab image, float ``[..., 3]``.

        Returns:
            int32 tensor ``[...]`` in 0..35.
        """
        _, a, b = tf.unstack(tf.cast(lab, tf.float32), axis=-1)
        return self.BINS * self._bin(a, 0) + self._bin(b, 1)

    def _bin(self, plane, channel):
        position = (plane - np.float32(self._low[channel])) / np.float32(self._width[channel])
        return tf.cast(tf.clip_by_value(tf.floor(position), 0, self.BINS - 1), tf.int32)

    def to_json(self, path):
        """Write means and deviations to the file ``path``."""
        Path(path).write_text(json.dumps({"mean_ab": list(self.mean_ab), "std_ab": list(self.std_ab)}))

    @classmethod
    def from_json(cls, path):
        """Read a file written by `to_json`."""
        return cls(**json.loads(Path(path).read_text()))


def median_frequency_weights(counts, mode="per_image_presence"):
    """Median frequency balancing as Eigen and Fergus (2015) define it.

    ``weight(c) = median(freq) / freq(c)`` with ``freq(c)`` = pixels of class c divided by all pixels of the
    images that contain c. Classes that never occur are excluded from the median and get weight 0.

    Args:
        counts: pixel counts ``[images, classes]``.
        mode: ``per_image_presence`` (the definition above) or ``global`` (divided by all pixels).

    Returns:
        float32 ``[classes]``.
    """
    counts = np.asarray(counts, np.float64)
    pixels = counts.sum(axis=0)
    per_image = counts.sum(axis=1, keepdims=True)
    if mode == "per_image_presence":
        available = ((counts > 0) * per_image).sum(axis=0)
    elif mode == "global":
        available = np.full_like(pixels, per_image.sum())
    else:
        raise ValueError(f"mode is per_image_presence or global, not {mode!r}")
    present = pixels > 0
    frequency = pixels[present] / available[present]
    weights = np.zeros_like(pixels)
    weights[present] = np.median(frequency) / frequency
    return weights.astype(np.float32)


@dataclasses.dataclass(frozen=True)
class ColorStatistics:
    """Color statistics of the training images of a run.

    Attributes:
        mean, std: means and population standard deviations of L, a and b over all pixels, which standardize
            the network's input.
        counts: pixels of each color class in each image, ``[images][36]``, for median frequency balancing.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    counts: tuple[tuple[int, ...], ...]

    @property
    def bins(self):
        """`ColorBins` of these statistics."""
        return ColorBins(self.mean[1:], self.std[1:])

    def class_weights(self, mode="per_image_presence"):
        """Weights of the color classes, float32 ``[36]``, see `median_frequency_weights`."""
        return median_frequency_weights(self.counts, mode)

    def to_json(self):
        """The statistics as JSON text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text):
        """Statistics from the text that `to_json` returns."""
        values = json.loads(text)
        counts = tuple(tuple(row) for row in values["counts"])
        return cls(tuple(values["mean"]), tuple(values["std"]), counts)


def color_statistics(images):
    """Compute color statistics in two passes: means and deviations, then class counts, which need the bins.

    Args:
        images: re-iterable of RGB uint8 images ``[H, W, 3]``; one at a time is in memory.

    Returns:
        `ColorStatistics`.

    Raises:
        ValueError: there is no image, or a or b is constant.
    """
    total, pixels = np.zeros((2, 3)), 0
    convert = tf.function(rgb_to_lab, input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)])
    for image in images:
        lab = convert(image).numpy().reshape(-1, 3).astype(np.float64)
        total += lab.sum(axis=0), (lab**2).sum(axis=0)
        pixels += len(lab)
    if not pixels:
        raise ValueError("color statistics need at least one image")
    mean = total[0] / pixels
    std = np.sqrt(np.maximum(total[1] / pixels - mean**2, 0))
    bins = ColorBins(mean[1:], std[1:])
    counts = [
        np.bincount(bins.encode(convert(i)).numpy().ravel(), minlength=ColorBins.CLASSES) for i in images
    ]
    return ColorStatistics(
        tuple(map(float, mean)), tuple(map(float, std)), tuple(tuple(map(int, row)) for row in counts)
    )
