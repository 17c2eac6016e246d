import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_segmentation.weighting import DynamicWeightAverage

LOSS = st.floats(1e-6, 1e6)


def after(*epochs, **options):
    """A weighting that has seen the mean losses of these epochs, each a tuple in the order of the tasks."""
    tasks = [f"task {k}" for k in range(len(epochs[0]))]
    weighting = DynamicWeightAverage(tasks, **options)
    for losses in epochs:
        weighting.end_epoch(dict(zip(tasks, losses, strict=True)))
    return weighting


def weights_after(*epochs, **options):
    return list(after(*epochs, **options).current_weights().values())


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [
        ([(1, 1), (1, 1)], [1, 1]),
        ([(1, 1), (0.5, 1)], [0.875647, 1.124353]),
        ([(2, 0.02, 1), (1, 0.019, 0.9)], [0.863626, 1.081539, 1.054835]),
        ([(1, 1), (0.5, 1.2)], [0.8268, 1.1732]),
        ([(3,), (0.2,), (7,)], [1]),
        ([(1e-6, 1), (1e6, 1)], [2, 0]),
    ],
)
def test_worked_examples(epochs, expected):
    assert weights_after(*epochs) == pytest.approx(expected, abs=5e-5)


def test_weights_are_1_in_the_first_two_epochs():
    weighting = DynamicWeightAverage(("seg", "depth"))
    assert weighting.current_weights() == {"seg": 1, "depth": 1}
    weighting.end_epoch({"seg": 5.0, "depth": 0.01})
    assert weighting.current_weights() == {"seg": 1, "depth": 1}
    weighting.end_epoch({"seg": 1.0, "depth": 0.01})
    assert weighting.current_weights() != {"seg": 1, "depth": 1}


def test_oldest_epoch_is_dropped():
    recent = [(3.0, 1.0), (2.0, 0.9)]
    assert weights_after((1e6, 1e-6), (5.0, 5.0), *recent) == weights_after((1.0, 1.0), *recent)
    assert weights_after((1e6, 1e-6), *recent) == weights_after(*recent)


def test_means_of_epochs_count_and_batches_do_not():
    quiet, noisy = after((1.0, 1.0)), after((1.0, 1.0))
    for loss in (100.0, 0.001, 7.0):
        noisy({"task 0": loss, "task 1": 1.0})
    for weighting in (quiet, noisy):
        weighting.end_epoch({"task 0": 0.5, "task 1": 1.0})
    assert noisy.current_weights() == quiet.current_weights()


def test_a_task_that_learns_slowly_gets_more_weight():
    slow, fast = weights_after((1.0, 1.0), (0.99, 0.5))
    assert slow > 1 > fast


def test_size_of_a_loss_does_not_matter_only_its_course():
    small = weights_after((1.0, 1e-3), (0.5, 0.9e-3))
    assert weights_after((1.0, 1.0), (0.5, 0.9)) == pytest.approx(small, rel=1e-6)


def test_a_lower_temperature_makes_weights_more_uneven():
    spread = [max(weights_after((1.0, 1.0), (0.5, 1.0), temperature=t)) for t in (0.5, 1, 2, 100)]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] == pytest.approx(2 * math.e / (1 + math.e), rel=1e-6)
    assert spread[-1] == pytest.approx(1, abs=5e-3)


@settings(deadline=None, max_examples=40)
@given(epochs=st.integers(1, 5).flatmap(lambda k: st.lists(st.tuples(*[LOSS] * k), min_size=2, max_size=4)))
def test_weights_are_positive_and_sum_to_the_number_of_tasks(epochs):
    weights = weights_after(*epochs)
    assert sum(weights) == pytest.approx(len(epochs[0]), rel=1e-5)
    assert min(weights) >= 0


def test_a_loss_of_0_counts_as_one_that_does_not_change():
    assert weights_after((0.0, 1.0), (0.7, 0.5)) == weights_after((1.0, 1.0), (1.0, 0.5))
    assert weights_after((0.0, 0.0), (0.0, 0.0)) == [1, 1]


def test_weights_are_constants_for_the_optimizer():
    assert after((1.0, 1.0)).trainable_variables == []


def test_a_compiled_step_sees_the_weights_of_each_new_epoch():
    weighting = after((1.0, 1.0))
    compiled = tf.function(lambda losses: weighting(losses))
    losses = {"task 0": tf.constant(1.0), "task 1": tf.constant(0.0)}
    assert float(compiled(losses)) == 1
    weighting.end_epoch({"task 0": 0.5, "task 1": 1.0})
    assert float(compiled(losses)) == pytest.approx(0.875647, abs=1e-6)


@pytest.mark.parametrize("temperature", [0, -1, -1e-9, math.nan])
def test_temperatures_that_are_not_positive_are_refused(temperature):
    with pytest.raises(ValueError, match="must be positive"):
        DynamicWeightAverage(("seg", "depth"), temperature=temperature)


def test_the_loss_of_an_unknown_task_is_refused():
    with pytest.raises(KeyError, match="depth"):
        DynamicWeightAverage(("seg", "depth")).end_epoch({"seg": 1.0, "color": 1.0})


@pytest.mark.parametrize("seen", [0, 1, 2, 3])
def test_history_survives_a_checkpoint(tmp_path, seen):
    epochs = [(1.0, 1.0), (0.5, 1.0), (0.4, 0.2), (0.3, 0.1)]
    saved = DynamicWeightAverage(("a", "b"))
    for losses in epochs[:seen]:
        saved.end_epoch(dict(zip("ab", losses, strict=True)))
    path = tf.train.Checkpoint(weighting=saved).write(str(tmp_path / "state"))

    again = DynamicWeightAverage(("a", "b"))
    tf.train.Checkpoint(weighting=again).read(path).assert_consumed()
    assert again.current_weights() == saved.current_weights()
    for losses in epochs[seen:]:
        for weighting in (saved, again):
            weighting.end_epoch(dict(zip("ab", losses, strict=True)))
        assert again.current_weights() == saved.current_weights()


def test_means_may_be_any_numbers():
    weights = weights_after((np.float32(1), tf.constant(1.0)), (np.float64(0.5), 1))
    assert weights == pytest.approx([0.875647, 1.124353], abs=1e-6)
