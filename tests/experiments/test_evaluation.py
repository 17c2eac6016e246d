import numpy as np
import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import IGNORE
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.experiments.evaluation.evaluator import READERS, read_ahead
from selfsup_segmentation.experiments.evaluation.predictor import Predictor
from selfsup_segmentation.experiments.metrics import DisparityErrors, MeanIoU
from selfsup_segmentation.experiments.tasks.disparity import DepthScore
from selfsup_segmentation.experiments.tasks.yardsticks import ConstantDisparity, constant_class_miou
from selfsup_segmentation.experiments.training.network import build_model
from tests.experiments.conftest import tiny_run


@pytest.fixture(scope="module")
def predicted(library):
    """Data, and predictions of an untrained network for its validation images."""
    run = tiny_run(("seg", "depth"), "GS")
    data = library.prepare(run)
    predictor = Predictor(build_model(run), run.tasks, run.readings)
    return data, list(predictor.images(data.val, data.preparation))


def test_predictions_have_native_and_network_size(predicted):
    _, maps = predicted
    assert maps[0]["seg_native"].shape == (1, 64, 128)
    assert maps[0]["seg_network"].shape == (1, 32, 64)
    assert maps[0]["depth"].shape == (1, 32, 64, 1)
    assert 0 <= float(np.min(maps[0]["depth"])) <= float(np.max(maps[0]["depth"])) <= 0.3 * 64


@pytest.mark.parametrize("factor", [1.0, 1.25])
def test_disparity_errors_of_a_known_prediction_in_all_three_units(predicted, factor):
    data, _ = predicted
    score = DepthScore(data.val, CITYSCAPES)
    for index in range(len(data.val)):
        truth = score.read(index)
        score.update(index, truth, None, {"depth": factor * np.nan_to_num(truth, nan=1.0)[None, :, :, None]})
    result = score.result()
    assert result.disp_half.abs_rel == pytest.approx(factor - 1, abs=1e-6)
    assert result.disp_full.abs_rel == pytest.approx(factor - 1, abs=1e-6)
    assert result.disp_full.rmse == pytest.approx(2 * result.disp_half.rmse, rel=1e-5)
    # Depth is inverse to disparity; far predictions are clipped to the cap, which only brings them nearer.
    assert result.depth_m.abs_rel == pytest.approx(1 - 1 / factor, abs=0.01)


def test_the_constant_disparity_is_the_best_one():
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 20, (40, 50)).astype(np.float32)
    truth[:5] = np.nan
    constant = ConstantDisparity(0.5, 50.0)
    constant.update(truth)
    for value in (1.0, 3.0, 5.0, 10.0):
        errors = DisparityErrors()
        errors.update_state(truth, np.full_like(truth, value))
        assert constant.result() <= errors.result()["abs_rel"] + 1e-3


def test_the_constant_class_is_what_the_metric_says_of_it():
    truth = np.array([0, 0, 0, 1, 1, 4, IGNORE])
    metric = MeanIoU(19)
    metric.update_state(truth, np.zeros_like(truth))
    assert constant_class_miou(metric.confusion) == pytest.approx(metric.result())


@pytest.mark.parametrize("count", [0, 1, READERS, 3 * READERS + 1])
def test_ground_truth_is_read_ahead_in_order_and_never_far(count):
    asked, taken = [], []

    def read(index):
        asked.append(index)
        return index

    for value in read_ahead(read, count):
        taken.append(value)
        assert max(asked) < len(taken) - 1 + READERS
    assert taken == list(range(count))


def test_an_error_of_reading_ahead_is_raised_where_its_image_is_due():
    def read(index):
        if index == 2:
            raise InputError("a damaged file")
        return index

    truths = read_ahead(read, 5)
    assert [next(truths), next(truths)] == [0, 1]
    with pytest.raises(InputError, match="damaged"):
        next(truths)
