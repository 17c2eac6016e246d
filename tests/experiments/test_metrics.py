import numpy as np
import pytest

from selfsup_segmentation.data.decode import read_disparity
from selfsup_segmentation.data.disparity import decode_kitti
from selfsup_segmentation.data.labels import (
    CLASS_NAMES,
    IGNORE,
    KNOWN_IDS,
    ids_to_train_ids,
    train_ids_to_ids,
)
from selfsup_segmentation.experiments.metrics import DisparityErrors, MeanIoU
from tests.oracles.official_cityscapes import evaluate

NAN = float("nan")


def iou_of(*pairs, num_classes=19):
    metric = MeanIoU(num_classes)
    for truth, prediction in pairs:
        metric.update_state(truth, prediction)
    return metric


# --- mean IoU ---------------------------------------------------------------------------------------------


def test_class_without_pixels_is_left_out_of_the_mean():
    metric = MeanIoU(3)
    metric.update_confusion([[5, 1, 0], [2, 3, 0], [0, 0, 0]])
    np.testing.assert_allclose(metric.per_class(), [0.625, 0.5, NAN])
    assert metric.result() == pytest.approx(0.5625)


def test_rows_of_the_confusion_matrix_are_ground_truth():
    assert iou_of(([0, 0, 1], [1, 1, 1]), num_classes=2).confusion.tolist() == [[0, 2], [0, 1]]


def test_class_that_is_only_predicted_counts_as_zero():
    metric = iou_of(([0, 0], [0, 1]), num_classes=3)
    np.testing.assert_allclose(metric.per_class(), [0.5, 0.0, NAN])
    assert metric.result() == pytest.approx(0.25)


def test_nothing_yields_nan_without_a_warning():
    assert np.isnan(MeanIoU(19).result())
    ignored = iou_of((np.full((2, 3), IGNORE, np.uint8), np.zeros((2, 3), np.int64)))
    assert np.isnan(ignored.result()) and np.isnan(ignored.per_class()).all()
    assert ignored.confusion.sum() == 0
    empty = iou_of((np.zeros((0, 4), np.uint8), np.zeros((0, 4), np.int32)))
    assert np.isnan(empty.result())


def test_accumulates_over_the_set_not_per_image():
    images = [([0, 0, 0, 0], [0, 0, 0, 0]), ([0, 1], [1, 1])]
    assert iou_of(*images, num_classes=2).result() == pytest.approx((4 / 5 + 1 / 2) / 2)
    per_image = [iou_of(image, num_classes=2).result() for image in images]
    assert np.mean(per_image) != pytest.approx((4 / 5 + 1 / 2) / 2)


def test_batches_merging_and_adding_matrices_agree(rng):
    truth, prediction = rng.integers(0, 36, (2, 4, 8, 8))
    once = iou_of((truth, prediction), num_classes=36)
    merged, added = iou_of((truth[:2], prediction[:2]), num_classes=36), MeanIoU(36)
    merged.merge(iou_of((truth[2:], prediction[2:]), num_classes=36))
    added.update_confusion(once.confusion)
    for metric in (merged, added):
        assert np.array_equal(metric.confusion, once.confusion)
    assert once.confusion.sum() == truth.size


def test_reset_forgets_and_the_matrix_cannot_be_changed_from_outside():
    metric = iou_of(([0], [0]), num_classes=2)
    metric.confusion[0, 0] = 99
    assert metric.confusion[0, 0] == 1
    metric.reset_state()
    assert metric.confusion.sum() == 0


def test_more_pixels_than_int32_holds():
    metric = MeanIoU(2)
    for _ in range(3):
        metric.update_confusion(np.array([[2**31, 0], [0, 2**31]]))
    assert metric.confusion[0, 0] == 3 * 2**31
    assert metric.result() == 1.0


@pytest.mark.parametrize(
    ("truth", "prediction", "complaint"),
    [
        ([0, 1], [0, 19], "y_pred holds classes 0..19"),
        ([0, 1], [0, -1], "y_pred holds classes -1..0"),
        ([0, 255], [0, 255], "y_pred"),
        ([0, 19], [0, 1], "y_true holds classes 0..19"),
        ([0, 1], [0.0, 1.0], "y_pred holds float64"),
        ([0, 1], [0, 1, 2], "Shapes"),
    ],
)
def test_wrong_classes_are_refused(truth, prediction, complaint):
    metric = MeanIoU(19)
    with pytest.raises(ValueError, match=complaint):
        metric.update_state(truth, prediction)
    assert metric.confusion.sum() == 0


def test_wrong_matrices_and_numbers_of_classes_are_refused():
    for matrix in ([[1, 2], [3, 4]], np.full((3, 3), -1), np.zeros((3, 3))):
        with pytest.raises(ValueError, match="confusion matrix"):
            MeanIoU(3).update_confusion(matrix)
    for number in (0, -1, 256):
        with pytest.raises(ValueError, match="num_classes"):
            MeanIoU(number)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def random_street(rng, present, height=128, width=256):
    """Blocks of random label ids, and predictions (trainIds) that are right for about two pixels in three."""
    blocks = rng.choice(present, (height // 16, width // 16)).astype(np.uint8)
    truth = np.kron(blocks, np.ones((16, 16), np.uint8))
    train_ids = ids_to_train_ids(truth)
    guess = rng.integers(0, 19, truth.shape).astype(np.uint8)
    right = (rng.random(truth.shape) < 0.65) & (train_ids != IGNORE)
    return truth, np.where(right, train_ids, guess)


@pytest.mark.parametrize("with_instances", [False, True])
def test_equals_the_official_evaluation(tmp_path, rng, with_instances):
    ids = sorted(KNOWN_IDS - {255})  # the official script stops at 255, which its label files never hold
    streets = [random_street(rng, ids) for _ in range(3)]
    truths, predictions = zip(*streets, strict=True)
    things = [np.where(truth >= 24, truth.astype(np.uint16) * 1000 + 1, truth) for truth in truths]
    ids = [train_ids_to_ids(prediction) for prediction in predictions]
    official = evaluate(tmp_path, truths, ids, things if with_instances else None)
    ours = iou_of(*((ids_to_train_ids(truth), prediction) for truth, prediction in streets))
    expected = [official["classScores"][name] for name in CLASS_NAMES]
    np.testing.assert_allclose(ours.per_class(), expected, rtol=0, atol=1e-9)
    assert ours.result() == pytest.approx(official["averageScoreClasses"], abs=1e-9)
    assert 0.2 < ours.result() < 0.8
    assert (official["averageScoreInstClasses"] > 0) == with_instances


def test_equals_the_official_evaluation_when_classes_are_absent(tmp_path, rng):
    truth, prediction = random_street(rng, [0, 4, 7, 8, 11, 26])
    prediction = np.where(prediction > 13, 0, prediction)  # train, motorcycle, ... occur nowhere
    official = evaluate(tmp_path, [truth], [train_ids_to_ids(prediction)])
    ours = iou_of((ids_to_train_ids(truth), prediction))
    expected = [official["classScores"][name] for name in CLASS_NAMES]
    np.testing.assert_allclose(ours.per_class(), expected, rtol=0, atol=1e-9)
    assert np.isnan(ours.per_class()).sum() == 5
    assert ours.result() == pytest.approx(official["averageScoreClasses"], abs=1e-9)


def test_small_official_example(tmp_path):
    """Worked by hand: pixels predicted on ignored ground truth are no false positives."""
    truth = np.array([[7, 7, 8, 8], [26, 26, 0, 11]], np.uint8)
    prediction = np.array([[7, 8, 8, 8], [26, 7, 7, 0]], np.uint8)
    instances = np.array([[7, 7, 8, 8], [26000, 26001, 0, 11]], np.uint16)
    official = evaluate(tmp_path, [truth], [prediction], [instances])
    scores = official["classScores"]
    by_hand = {"road": 1 / 3, "sidewalk": 2 / 3, "car": 1 / 2, "building": 0.0}
    assert {name: scores[name] for name in by_hand} == pytest.approx(by_hand)
    assert official["averageScoreClasses"] == pytest.approx(0.375)
    assert official["classInstScores"]["car"] == pytest.approx(0.5)
    categories = {"flat": 0.8, "construction": 0.0, "vehicle": 0.5}
    assert {name: official["categoryScores"][name] for name in categories} == pytest.approx(categories)
    assert official["averageScoreCategories"] == pytest.approx(1.3 / 3)
    assert official["averageScoreInstCategories"] == pytest.approx(0.5)

    # Our predictor cannot answer id 0; let it answer car there, which costs car a false positive.
    ours = iou_of((ids_to_train_ids(truth), ids_to_train_ids(np.where(prediction == 0, 26, prediction))))
    np.testing.assert_allclose(ours.per_class()[[0, 1, 2, 13]], [1 / 3, 2 / 3, 0, 1 / 3])
    assert ours.result() == pytest.approx((1 / 3 + 2 / 3 + 0 + 1 / 3) / 4)


# --- disparity --------------------------------------------------------------------------------------------

TRUTH = np.array([[2.0, 4, 10, NAN, 60]])
PREDICTION = np.array([[3.0, 3, 12, 5, 70]])


def errors_of(truth, prediction, **options):
    metric = DisparityErrors(**options)
    metric.update_state(truth, prediction)
    return metric


@pytest.mark.parametrize(
    ("cap_mode", "expected"),
    [("mask", (0.316667, 0.383333, 1.414214, 0.305726)), ("clip", (0.2375, 0.2875, 1.224745, 0.264766))],
)
@pytest.mark.parametrize("unmeasured", [NAN, 0.0, 0.49])
def test_four_errors(cap_mode, expected, unmeasured):
    truth = np.where(np.isnan(TRUTH), unmeasured, TRUTH)
    metric = errors_of(truth, PREDICTION, cap_mode=cap_mode)
    assert tuple(metric.result()) == ("abs_rel", "sq_rel", "rmse", "rmse_log")
    assert tuple(metric.result().values()) == pytest.approx(expected, abs=1e-6)
    assert metric.pooled() == pytest.approx(metric.result())


def test_dropped_share_counts_measured_pixels_only():
    assert errors_of(TRUTH, PREDICTION).dropped_share() == {"minimum": 0, "cap": 0.25}
    truth = np.nan_to_num(TRUTH)
    assert errors_of(truth, PREDICTION).dropped_share() == {"minimum": 0.2, "cap": 0.2}
    assert errors_of(truth, PREDICTION, cap_mode="clip").dropped_share() == {"minimum": 0.2, "cap": 0}


def test_bounds_themselves_are_valid():
    metric = errors_of([[0.5, 50.0]], [[0.5, 50.0]])
    assert metric.dropped_share() == {"minimum": 0, "cap": 0}
    assert metric.result() == dict.fromkeys(DisparityErrors.NAMES, 0.0)


def test_doubling_all_disparities_scales_the_errors_that_have_a_unit():
    single = errors_of(TRUTH, PREDICTION, cap=np.inf).result()
    double = errors_of(2 * TRUTH, 2 * PREDICTION, cap=np.inf).result()
    for name, factor in (("abs_rel", 1), ("sq_rel", 2), ("rmse", 2), ("rmse_log", 1)):
        assert double[name] == pytest.approx(factor * single[name])


@pytest.mark.parametrize("prediction", [0.0, -3.0, -np.inf])
def test_prediction_without_logarithm_is_clipped(prediction):
    result = errors_of([[2.0]], [[prediction]]).result()
    assert result["rmse_log"] == pytest.approx(np.log(2 / 1e-3))
    assert result["abs_rel"] == pytest.approx((2 - 1e-3) / 2)


def test_prediction_above_the_cap_is_clipped_and_nan_is_not_hidden():
    assert errors_of([[40.0]], [[1e6]]).result()["rmse"] == pytest.approx(10)
    assert np.isnan(errors_of([[2.0, 3.0]], [[NAN, 3.0]]).result()["rmse"])
    assert errors_of([[NAN, 3.0]], [[NAN, 3.0]]).result()["rmse"] == 0


def test_mean_over_images_and_pooled_differ():
    metric = DisparityErrors()
    metric.update_state(np.full((2, 2), 10.0), np.full((2, 2), 12.0))
    metric.update_state(np.array([[10.0, NAN], [NAN, NAN]]), np.full((2, 2), 16.0))
    metric.update_state(np.full((2, 2), NAN), np.full((2, 2), 1.0))  # no measurement: does not count
    assert metric.result()["rmse"] == pytest.approx((2 + 6) / 2)
    assert metric.pooled()["rmse"] == pytest.approx(np.sqrt((4 * 4 + 36) / 5))
    assert metric.result()["abs_rel"] == pytest.approx((0.2 + 0.6) / 2)
    assert metric.pooled()["abs_rel"] == pytest.approx((4 * 0.2 + 0.6) / 5)


def test_batch_equals_its_images(rng):
    truth = rng.uniform(0, 70, (3, 5, 7))
    truth[rng.random(truth.shape) < 0.3] = NAN
    prediction = rng.uniform(0, 70, truth.shape)
    one_by_one = DisparityErrors()
    for image in zip(truth, prediction, strict=True):
        one_by_one.update_state(*image)
    expected = one_by_one.result()
    assert errors_of(truth, prediction).result() == pytest.approx(expected)
    assert errors_of(truth[..., None], prediction[..., None]).result() == pytest.approx(expected)
    single = errors_of(truth, prediction[..., None].astype(np.float32)).result()
    assert single == pytest.approx(expected, rel=1e-6)


def test_no_measurement_yields_nan_without_a_warning():
    for metric in (DisparityErrors(), errors_of([[NAN, 0.1]], [[1.0, 1.0]])):
        assert np.isnan(list(metric.result().values())).all()
        assert np.isnan(list(metric.pooled().values())).all()
    assert np.isnan(list(DisparityErrors().dropped_share().values())).all()


def test_reset_forgets():
    metric = errors_of(TRUTH, PREDICTION)
    metric.reset_state()
    assert np.isnan(metric.result()["rmse"]) and np.isnan(metric.dropped_share()["cap"])


def test_wrong_shapes_and_options_are_refused():
    for shapes in (((2, 3), (3, 2)), ((4,), (4,)), ((1, 2, 3, 2), (1, 2, 3, 2))):
        with pytest.raises(ValueError, match=r"shape|Shapes"):
            errors_of(*map(np.ones, shapes))
    for options in ({"minimum": 0}, {"minimum": 60}, {"cap_mode": "both"}):
        with pytest.raises(ValueError, match=r"minimum|cap_mode"):
            DisparityErrors(**options)


def test_real_ground_truth_against_itself_shifted(kitti_sample):
    """On a real, sparse map an error of one pixel everywhere gives RMSE 1 and the plain formulas."""
    truth = decode_kitti(read_disparity(kitti_sample / "training/disp_noc_0/000001_10.png"))
    result = errors_of(truth, truth + 1, cap=np.inf).result()
    valid = truth[np.isfinite(truth)].astype(np.float64)
    assert result["rmse"] == pytest.approx(1)
    assert result["abs_rel"] == pytest.approx(np.mean(1 / valid))
    assert result["rmse_log"] == pytest.approx(np.sqrt(np.mean(np.log1p(1 / valid) ** 2)), rel=1e-6)
