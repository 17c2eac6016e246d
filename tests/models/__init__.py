"""Inputs and weights that the tests of the network share."""

import contextlib
import hashlib

import numpy as np

from selfsup_segmentation.models.imagenet_files import FILES

HEIGHT, WIDTH = 64, 96


def images(count, seed=0, height=HEIGHT, width=WIDTH):
    """Standardized images ``[count, height, width, 3]`` whose channels differ in mean and spread."""
    noise = np.random.default_rng(seed).standard_normal((count, height, width, 3))
    return (noise * (0.6, 1.0, 1.7) + (0.3, -0.8, 0.1)).astype("float32")


def stir(model, seed=0):
    """Draw every weight, BatchNorm's too: fresh ones, which do nothing, hide most mistakes."""
    draw = np.random.default_rng(seed)
    for variable in model.variables:
        low, high = -0.3, 0.3
        if variable.name == "kernel":
            high = np.sqrt(6 / np.prod(variable.shape[:-1]))
            low = -high
        elif variable.name in ("gamma", "moving_variance"):
            low, high = 0.5, 1.5
        variable.assign(low + (high - low) * draw.random(variable.shape, "float32"))


def publish(monkeypatch, content):
    """Have some bytes taken for the published ImageNet weights of ResNet18."""
    name, url, _ = FILES["resnet18"]
    monkeypatch.setitem(FILES, "resnet18", (name, url, hashlib.md5(content).hexdigest()))


@contextlib.contextmanager
def as_it_was(model):
    """Puts a model's weights back at the end."""
    kept = model.get_weights()
    try:
        yield model
    finally:
        model.set_weights(kept)


def assert_all_equal(arrays, others):
    """Equal lists of arrays, to the bit."""
    for one, other in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(one, other)


def largest_difference(a, b):
    """Of two arrays, relative to the largest magnitude of the second."""
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    assert a.shape == b.shape
    return np.abs(a - b).max() / np.abs(b).max()
