import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.losses import colorization_loss, segmentation_loss
from tests.losses import value_and_gradient

RNG = np.random.default_rng(0)
LABELS = RNG.choice([*range(19), 255], (2, 6, 7)).astype(np.uint8)
LOGITS = RNG.normal(0, 3, (2, 6, 7, 19)).astype(np.float32)


def unweighted_colorization_loss(classes, logits):
    return colorization_loss(tf.cast(classes, tf.int32), logits, tf.ones(logits.shape[-1]))


both = pytest.mark.parametrize(
    ("loss", "classes"), [(segmentation_loss, 19), (unweighted_colorization_loss, 36)]
)


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
    loss, gradient = value_and_gradient(lambda logits: segmentation_loss(LABELS, logits), LOGITS)
    assert float(segmentation_loss(LABELS, changed)) == pytest.approx(loss, rel=1e-6)
    assert (gradient[ignored] == 0).all()
    assert (gradient[~ignored] != 0).any(axis=-1).all()


def test_gradient_is_the_difference_of_the_distributions():
    _, gradient = value_and_gradient(lambda logits: segmentation_loss(LABELS, logits), LOGITS)
    valid = LABELS != 255
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    expected = (softmax[valid] - np.eye(19)[LABELS[valid]]) / valid.sum()
    np.testing.assert_allclose(gradient[valid], expected, atol=1e-6)


@pytest.mark.parametrize("norm", ["valid", "total"])
def test_images_without_labels_cost_nothing(norm):
    ignored = np.full_like(LABELS, 255)
    loss, gradient = value_and_gradient(lambda logits: segmentation_loss(ignored, logits, norm=norm), LOGITS)
    assert loss == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_any_integer_labels(dtype):
    assert float(segmentation_loss(LABELS.astype(dtype), LOGITS)) == float(segmentation_loss(LABELS, LOGITS))


@both
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_loss_of_logits_in_half_precision_is_float32(loss, classes, dtype):
    """The sum over pixels must not be made in half precision, where 2048 + 1 = 2048.

    With equal logits the loss is the logarithm of the number of classes.
    """
    value = loss(np.zeros((1, 100, 100), np.uint8), tf.zeros((1, 100, 100, classes), dtype))
    assert value.dtype == tf.float32
    assert float(value) == pytest.approx(np.log(classes), rel=1e-5)


def test_confident_answers_stay_finite():
    logits = tf.constant([[[[1e4, -1e4, 0.0], [1e4, -1e4, 0.0]]]])
    assert float(segmentation_loss([[[0, 1]]], logits)) == pytest.approx(1e4)


@both
def test_is_the_same_in_a_graph_of_unknown_sizes(loss, classes):
    labels, logits = LABELS % 19, RNG.normal(0, 3, (2, 6, 7, classes)).astype(np.float32)
    specs = [tf.TensorSpec([None, None, None], tf.uint8), tf.TensorSpec([None, None, None, classes])]
    compiled = tf.function(loss, input_signature=specs)
    assert float(compiled(labels, logits)) == pytest.approx(float(loss(labels, logits)), rel=1e-6)
