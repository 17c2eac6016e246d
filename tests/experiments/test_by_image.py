"""Scores of single images, which say what a figure shows."""

import math

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from selfsup_segmentation.data.cache import FrameCache
from selfsup_segmentation.data.decode import read_disparity, read_labels
from selfsup_segmentation.data.disparity import decode_cityscapes, resize_disparity
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.experiments.tasks.disparity import DepthScore
from selfsup_segmentation.experiments.tasks.segmentation import SegmentationScore
from tests.experiments.conftest import TINY


def miou(truth, found):
    """Mean over the classes that occur of intersection over union, pixel sets counted one class at a time."""
    labeled = truth != IGNORE
    found, truth = found[labeled], truth[labeled]
    pairs = [(truth == k, found == k) for k in np.union1d(truth, found)]
    return np.mean([(a & b).sum() / (a | b).sum() for a, b in pairs])


@pytest.fixture
def cache(scenes):
    return FrameCache(scenes.frames("val", ("labels", "disparity", "camera")), TINY.size)


def batch(size):
    """Labels at the network's size, which these tests do not look at."""
    return {"labels": tf.fill((1, *size[::-1]), IGNORE)}


def test_miou_of_each_image_at_native_resolution(cache):
    rng = np.random.default_rng(0)
    score, expected = SegmentationScore(cache), {}
    for index, frame in enumerate(cache.frames):
        truth = ids_to_train_ids(read_labels(frame.labels))
        noise = rng.integers(0, 19, truth.shape)
        found = np.where(rng.random(truth.shape) < 0.3, noise, np.minimum(truth, 18))
        maps = {"seg_native": found[None], "seg_network": np.zeros((1, *TINY.size[::-1]), int)}
        score.update(index, score.read(index), batch(TINY.size), maps)
        expected[frame.name] = miou(truth, found)
    result = score.result()
    assert result.by_image == pytest.approx(expected, abs=1e-12)
    assert len(set(expected.values())) == len(cache)
    assert result.native.miou != pytest.approx(np.mean(list(expected.values())))  # not their mean


def test_abs_rel_of_each_image_in_px_of_the_networks_image(cache):
    rng = np.random.default_rng(0)
    score, expected = DepthScore(cache, CITYSCAPES), {}
    for index, frame in enumerate(cache.frames):
        truth = resize_disparity(decode_cityscapes(read_disparity(frame.disparity)), TINY.size[::-1])
        found = rng.uniform(0.1, 60, truth.shape)
        score.update(index, score.read(index), None, {"depth": found[None, :, :, None]})
        valid = (truth >= 0.5) & (truth <= 50)
        expected[frame.name] = np.mean(np.abs(np.minimum(found[valid], 50) - truth[valid]) / truth[valid])
    result = score.result()
    assert result.by_image == pytest.approx(expected)
    assert result.disp_half.abs_rel == pytest.approx(np.mean(list(expected.values())))


def test_an_image_without_ground_truth_has_no_score(tmp_path):
    size = (64, 32)
    files = {name: tmp_path / f"{name}.png" for name in ("left", "labels", "disparity")}
    Image.new("RGB", size).save(files["left"])
    Image.new("L", size).save(files["labels"])  # id 0 is unlabeled
    Image.fromarray(np.zeros(size[::-1], np.uint16)).save(files["disparity"])  # 0 is not measured
    cache = FrameCache([Frame("empty", **files)], size)

    seg, depth = SegmentationScore(cache), DepthScore(cache, CITYSCAPES)
    zeros = np.zeros((1, *size[::-1]), int)
    seg.update(0, seg.read(0), batch(size), {"seg_native": zeros, "seg_network": zeros})
    depth.update(0, depth.read(0), None, {"depth": zeros[..., None] + 1.0})
    assert math.isnan(seg.result().by_image["empty"])
    assert math.isnan(depth.result().by_image["empty"])
