import math

import keras
import pytest
import tensorflow as tf

from selfsup_segmentation.weighting import UncertaintyWeighting

LOSSES = {"seg": 0.15, "color": 1.2, "depth": 0.002}


def one(task, form, s):
    """A weighting of one task whose s has this value."""
    return UncertaintyWeighting([task], form=form, initial=s)


# What one loss of 2 costs, and the factor in front of it.
@pytest.mark.parametrize(
    ("form", "task", "s", "total", "weight"),
    [
        ("kendall", "seg", 0, 2, 1),
        ("kendall", "seg", math.log(4), 1.193147, 1 / 4),
        ("kendall", "depth", 0, 1, 1 / 2),
        ("kendall", "depth", math.log(4), 0.943147, 1 / 8),
        ("mtan", "seg", 0, 1, 1 / 2),
        ("mtan", "seg", math.log(4), 0.943147, 1 / 8),
        ("mtan", "depth", math.log(4), 0.943147, 1 / 8),
        ("gal", "seg", 0, 2, 1),
        ("gal", "seg", math.log(4), 1.886294, 1 / 4),
        ("gal", "depth", math.log(4), 1.886294, 1 / 4),
    ],
)
def test_total_and_weight_of_each_form(form, task, s, total, weight):
    weighting = one(task, form, s)
    assert float(weighting({task: 2.0})) == pytest.approx(total, abs=1e-6)
    assert weighting.current_weights()[task] == pytest.approx(weight, rel=1e-6)


def test_starts_with_a_variance_of_1_which_no_epoch_changes():
    weighting = UncertaintyWeighting(LOSSES)
    weighting.end_epoch(LOSSES)
    assert weighting.current_weights() == {"seg": 1, "color": 1, "depth": 0.5}
    assert float(weighting.penalty()) == 0


def test_which_losses_are_squared_errors_can_be_said():
    weighting = UncertaintyWeighting(("a", "b"), regression=("a",))
    assert weighting.current_weights() == {"a": 0.5, "b": 1}


def test_costs_of_several_tasks_add_up():
    weighting = UncertaintyWeighting(LOSSES, initial=0.7)
    alone = [float(one(task, "kendall", 0.7)({task: loss})) for task, loss in LOSSES.items()]
    assert float(weighting(LOSSES)) == pytest.approx(sum(alone), rel=1e-6)


@pytest.mark.parametrize(
    ("form", "task", "slope"),
    [
        ("kendall", "seg", -2 + 0.5),
        ("kendall", "depth", -1 + 0.5),
        ("mtan", "seg", -1 + 0.5),
        ("gal", "seg", -2 + 1),
    ],
)
def test_gradient_of_the_variance_at_the_start(form, task, slope):
    weighting = one(task, form, 0.0)
    with tf.GradientTape() as tape:
        total = weighting({task: 2.0})
    (gradient,) = tape.gradient(total, [variable.value for variable in weighting.trainable_variables])
    assert gradient.numpy().tolist() == pytest.approx([slope])


def trained(weighting, losses, steps, rate=0.02):
    optimizer = keras.optimizers.Adam(rate)
    variables = [variable.value for variable in weighting.trainable_variables]
    losses = {task: tf.constant(loss) for task, loss in losses.items()}

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            total = weighting(losses)
        optimizer.apply(tape.gradient(total, variables), weighting.trainable_variables)
        return total

    optimizer.build(weighting.trainable_variables)
    for _ in range(steps):
        total = step()
    return float(total)


@pytest.mark.parametrize(
    ("form", "task", "s", "total"),
    [
        ("kendall", "seg", 1.386294, 1.193147),
        ("kendall", "depth", 0.693147, 0.846574),
        ("mtan", "seg", 0.693147, 0.846574),
        ("gal", "seg", 0.693147, 1.693147),
    ],
)
def test_training_finds_the_variance_that_a_constant_loss_deserves(form, task, s, total):
    weighting = one(task, form, 0.0)
    assert trained(weighting, {task: 2.0}, 250) == pytest.approx(total, abs=1e-4)
    assert weighting.log_variance.numpy().tolist() == pytest.approx([s], abs=5e-3)


@pytest.mark.parametrize(("form", "factor"), [("kendall", 0.5), ("mtan", 0.5), ("gal", 1)])
def test_training_weighs_each_task_by_the_inverse_of_its_loss(form, factor):
    weighting = UncertaintyWeighting(LOSSES, form=form)
    trained(weighting, LOSSES, 500, rate=0.03)
    expected = {task: factor / loss for task, loss in LOSSES.items()}  # kendall: 3.33, 0.417, 250
    assert weighting.current_weights() == pytest.approx(expected, rel=0.01)


def test_short_training_at_the_networks_rate_stays_near_the_start():
    """Adam moves s by its rate a step at most: 100 steps of 1e-3 cannot go further than 0.1."""
    weighting = UncertaintyWeighting(LOSSES)
    trained(weighting, LOSSES, 100, rate=1e-3)
    assert 0.09 < abs(weighting.log_variance.numpy()).max() <= 0.1001


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="kendall, mtan or gal"):
        UncertaintyWeighting(LOSSES, form="other")


def test_state_survives_a_checkpoint(tmp_path):
    weighting = UncertaintyWeighting(LOSSES)
    trained(weighting, LOSSES, 5)
    path = tf.train.Checkpoint(weighting=weighting).write(str(tmp_path / "state"))
    again = UncertaintyWeighting(LOSSES)
    tf.train.Checkpoint(weighting=again).read(path).assert_consumed()
    assert again.current_weights() == weighting.current_weights()
    assert again.current_weights() != UncertaintyWeighting(LOSSES).current_weights()
