import numpy as np
import pytest

from selfsup_segmentation.experiments.metrics import MeanIoU
from selfsup_segmentation.experiments.tasks.miou import bootstrap_miou


def confusions(images, classes=4, seed=0):
    return np.random.default_rng(seed).integers(0, 50, (images, classes, classes))


def test_images_that_are_all_alike_have_no_spread():
    one = confusions(1)
    low, high = bootstrap_miou(np.repeat(one, 10, axis=0))
    metric = MeanIoU(4)
    metric.update_confusion(one[0])
    assert low == high == pytest.approx(metric.result())


def test_the_interval_holds_the_miou_of_the_set_and_shrinks_with_images():
    widths = []
    for images in (10, 1000):
        matrices = confusions(images)
        metric = MeanIoU(4)
        metric.update_confusion(matrices.sum(axis=0))
        low, high = bootstrap_miou(matrices)
        assert low <= metric.result() <= high
        widths.append(high - low)
    assert widths[1] < 0.2 * widths[0]


def test_draws_equal_those_of_a_loop():
    matrices, rng = confusions(5, seed=3), np.random.default_rng(0)
    values = []
    for counts in rng.multinomial(5, np.full(5, 0.2), 200):
        metric = MeanIoU(4)
        metric.update_confusion((counts[:, None, None] * matrices).sum(axis=0))
        values.append(metric.result())
    assert bootstrap_miou(matrices, samples=200) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))


def test_a_class_that_some_draws_lack_leaves_their_mean():
    matrices = np.zeros((2, 3, 3), int)
    matrices[0, 0, 0] = 10  # class 0, right
    matrices[1, 1, 0] = 10  # class 1, wrong
    assert bootstrap_miou(matrices) == (0.0, 1.0)


def test_without_any_pixel_there_is_no_interval():
    assert np.isnan(bootstrap_miou(np.zeros((3, 2, 2)))).all()
