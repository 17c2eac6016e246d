import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.losses import colorization_loss

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 36, (2, 6, 7))
LOGITS = RNG.normal(0, 3, (2, 6, 7, 36)).astype(np.float32)
WEIGHTS = RNG.uniform(0.4, 3, 36).astype(np.float32)

# Logits (2, 0, 0) for class 0 and (0, 1, 0) for class 2, with class weights.
EXAMPLE = [[[0, 2]]], [[[[2.0, 0, 0], [0, 1, 0]]]], [0.5, 1, 2]


def value_and_gradient(classes, logits, *arguments, **options):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = colorization_loss(classes, logits, *arguments, **options)
    return float(loss), tape.gradient(loss, logits).numpy()


def test_worked_example():
    assert float(colorization_loss(*EXAMPLE)) == pytest.approx(1.611331, abs=1e-6)
    assert float(colorization_loss(*EXAMPLE, norm="weights")) == pytest.approx(1.289065, abs=1e-6)


def test_a_network_that_knows_nothing_pays_the_logarithm_of_the_classes():
    loss = colorization_loss(CLASSES, tf.zeros((2, 6, 7, 36)), tf.ones(36))
    assert float(loss) == pytest.approx(3.583519, abs=1e-6)


def test_equals_the_equation_written_out():
    probability = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    terms = WEIGHTS[CLASSES] * np.log(np.take_along_axis(probability, CLASSES[..., None], -1)[..., 0])
    loss = colorization_loss(CLASSES, LOGITS, WEIGHTS)
    assert loss.dtype == tf.float32 and loss.shape == ()
    assert float(loss) == pytest.approx(-terms.mean(), rel=1e-5)
    normed = float(colorization_loss(CLASSES, LOGITS, WEIGHTS, norm="weights"))
    assert normed == pytest.approx(-terms.sum() / WEIGHTS[CLASSES].sum(), rel=1e-5)


def test_a_common_factor_of_the_weights_matters_only_in_the_sum_over_pixels():
    loss = float(colorization_loss(CLASSES, LOGITS, WEIGHTS))
    assert float(colorization_loss(CLASSES, LOGITS, 2 * WEIGHTS)) == pytest.approx(2 * loss, rel=1e-6)
    normed = float(colorization_loss(CLASSES, LOGITS, WEIGHTS, norm="weights"))
    assert float(colorization_loss(CLASSES, LOGITS, 2 * WEIGHTS, norm="weights")) == pytest.approx(
        normed, rel=1e-6
    )


@pytest.mark.parametrize("norm", ["pixels", "weights"])
def test_padding_counts_neither_above_nor_below_the_line(norm):
    mask = np.ones((2, 6, 7), np.float32)
    mask[:, 4:] = mask[:, :, 5:] = 0
    loss, gradient = value_and_gradient(CLASSES, LOGITS, WEIGHTS, mask=mask, norm=norm)
    cut = colorization_loss(CLASSES[:, :4, :5], LOGITS[:, :4, :5], WEIGHTS, norm=norm)
    assert loss == pytest.approx(float(cut), rel=1e-5)
    assert (gradient[mask == 0] == 0).all()
    assert (gradient[mask == 1] != 0).any(axis=-1).all()


@pytest.mark.parametrize("norm", ["pixels", "weights"])
@pytest.mark.parametrize(
    ("weights", "mask"), [(np.zeros(36, np.float32), None), (WEIGHTS, np.zeros((2, 6, 7), np.float32))]
)
def test_when_nothing_counts_the_loss_is_0_and_so_is_its_gradient(norm, weights, mask):
    loss, gradient = value_and_gradient(CLASSES, LOGITS, weights, mask=mask, norm=norm)
    assert loss == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_short_logits_give_a_long_loss(dtype):
    loss = colorization_loss(
        np.zeros((1, 100, 100), np.int32), tf.zeros((1, 100, 100, 36), dtype), np.ones(36)
    )
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(np.log(36), rel=1e-5)


def test_is_the_same_in_a_graph_of_unknown_sizes():
    specs = [tf.TensorSpec([None, None, None], tf.int32), tf.TensorSpec([None, None, None, 36])]
    compiled = tf.function(
        lambda classes, logits: colorization_loss(classes, logits, WEIGHTS), input_signature=specs
    )
    expected = float(colorization_loss(CLASSES, LOGITS, WEIGHTS))
    assert float(compiled(CLASSES.astype(np.int32), LOGITS)) == pytest.approx(expected, rel=1e-6)
