import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.losses import colorization_loss
from tests.losses import value_and_gradient

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 36, (2, 6, 7))
LOGITS = RNG.normal(0, 3, (2, 6, 7, 36)).astype(np.float32)
WEIGHTS = RNG.uniform(0.4, 3, 36).astype(np.float32)

# Logits (2, 0, 0) for class 0 and (0, 1, 0) for class 2, with class weights.
EXAMPLE = [[[0, 2]]], [[[[2.0, 0, 0], [0, 1, 0]]]], [0.5, 1, 2]


def test_worked_example():
    assert float(colorization_loss(*EXAMPLE)) == pytest.approx(1.611331, abs=1e-6)
    assert float(colorization_loss(*EXAMPLE, norm="weights")) == pytest.approx(1.289065, abs=1e-6)


def test_equals_the_equation_written_out():
    probability = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    terms = WEIGHTS[CLASSES] * np.log(np.take_along_axis(probability, CLASSES[..., None], -1)[..., 0])
    loss = colorization_loss(CLASSES, LOGITS, WEIGHTS)
    assert loss.dtype == tf.float32 and loss.shape == ()
    assert float(loss) == pytest.approx(-terms.mean(), rel=1e-5)
    normed = float(colorization_loss(CLASSES, LOGITS, WEIGHTS, norm="weights"))
    assert normed == pytest.approx(-terms.sum() / WEIGHTS[CLASSES].sum(), rel=1e-5)


def test_a_common_factor_of_the_weights_matters_only_in_the_sum_over_pixels():
    for norm, factor in (("pixels", 2), ("weights", 1)):
        loss, doubled = (float(colorization_loss(CLASSES, LOGITS, k * WEIGHTS, norm=norm)) for k in (1, 2))
        assert doubled == pytest.approx(factor * loss, rel=1e-6)


@pytest.mark.parametrize("norm", ["pixels", "weights"])
def test_padding_counts_neither_above_nor_below_the_line(norm):
    mask = np.ones((2, 6, 7), np.float32)
    mask[:, 4:] = mask[:, :, 5:] = 0
    loss, gradient = value_and_gradient(
        lambda logits: colorization_loss(CLASSES, logits, WEIGHTS, mask=mask, norm=norm), LOGITS
    )
    cut = colorization_loss(CLASSES[:, :4, :5], LOGITS[:, :4, :5], WEIGHTS, norm=norm)
    assert loss == pytest.approx(float(cut), rel=1e-5)
    assert (gradient[mask == 0] == 0).all()
    assert (gradient[mask == 1] != 0).any(axis=-1).all()


@pytest.mark.parametrize("norm", ["pixels", "weights"])
@pytest.mark.parametrize(
    ("weights", "mask"), [(np.zeros(36, np.float32), None), (WEIGHTS, np.zeros((2, 6, 7), np.float32))]
)
def test_when_nothing_counts_the_loss_is_0_and_so_is_its_gradient(norm, weights, mask):
    loss, gradient = value_and_gradient(
        lambda logits: colorization_loss(CLASSES, logits, weights, mask=mask, norm=norm), LOGITS
    )
    assert loss == 0
    assert (gradient == 0).all()
