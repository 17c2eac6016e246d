import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.losses import segmentation_loss

RNG = np.random.default_rng(0)
LABELS = RNG.choice([*range(19), 255], (2, 6, 7)).astype(np.uint8)
LOGITS = RNG.normal(0, 3, (2, 6, 7, 19)).astype(np.float32)


def value_and_gradient(labels, logits, **options):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = segmentation_loss(labels, logits, **options)
    return float(loss), tape.gradient(loss, logits).numpy()


def test_worked_example():
    """Logits (2, 0, 0) for class 0 and (0, 1, 0) for class 2."""
    loss = segmentation_loss([[[0, 2]]], [[[[2.0, 0, 0], [0, 1, 0]]]])
    assert float(loss) == pytest.approx((0.239545 + 1.551445) / 2, abs=1e-6)


def test_a_network_that_knows_nothing_pays_the_logarithm_of_the_classes():
    labels, logits = [[[0, 5], [18, 255]]], tf.zeros((1, 2, 2, 19))
    assert float(segmentation_loss(labels, logits)) == pytest.approx(2.944439, abs=1e-6)
    assert float(segmentation_loss(labels, logits, norm="total")) == pytest.approx(2.208329, abs=1e-6)


def test_equals_keras_with_an_ignored_class():
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)(LABELS, LOGITS)
    assert float(segmentation_loss(LABELS, LOGITS)) == pytest.approx(float(expected), rel=1e-5)


def test_ignored_pixels_change_nothing_and_get_no_gradient():
    ignored = LABELS == 255
    changed = LOGITS + 50 * ignored[..., None] * RNG.normal(size=19).astype(np.float32)
    loss, gradient = value_and_gradient(LABELS, LOGITS)
    assert value_and_gradient(LABELS, changed)[0] == pytest.approx(loss, rel=1e-6)
    assert (gradient[ignored] == 0).all()
    assert (gradient[~ignored] != 0).any(axis=-1).all()


def test_gradient_is_the_difference_of_the_distributions():
    _, gradient = value_and_gradient(LABELS, LOGITS)
    valid = LABELS != 255
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    expected = (softmax[valid] - np.eye(19)[LABELS[valid]]) / valid.sum()
    np.testing.assert_allclose(gradient[valid], expected, atol=1e-6)


@pytest.mark.parametrize("norm", ["valid", "total"])
def test_images_without_labels_cost_nothing(norm):
    loss, gradient = value_and_gradient(np.full_like(LABELS, 255), LOGITS, norm=norm)
    assert loss == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_any_integer_labels(dtype):
    assert float(segmentation_loss(LABELS.astype(dtype), LOGITS)) == float(segmentation_loss(LABELS, LOGITS))


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_short_logits_give_a_long_loss(dtype):
    """The sum over pixels must not be made in half precision, where 2048 + 1 = 2048."""
    labels, logits = np.zeros((1, 100, 100), np.uint8), tf.zeros((1, 100, 100, 19), dtype)
    loss = segmentation_loss(labels, logits)
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(np.log(19), rel=1e-5)


def test_confident_answers_stay_finite():
    logits = tf.constant([[[[1e4, -1e4, 0.0], [1e4, -1e4, 0.0]]]])
    assert float(segmentation_loss([[[0, 1]]], logits)) == pytest.approx(1e4)


def test_is_the_same_in_a_graph_of_unknown_sizes():
    specs = [tf.TensorSpec([None, None, None], tf.uint8), tf.TensorSpec([None, None, None, 19])]
    compiled = tf.function(segmentation_loss, input_signature=specs)
    assert float(compiled(LABELS, LOGITS)) == pytest.approx(float(segmentation_loss(LABELS, LOGITS)))
