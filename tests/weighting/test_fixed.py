"""Fixed weights, and what every weighting inherits."""

import doctest

import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.weighting import (
    DynamicWeightAverage,
    FixedWeights,
    TaskWeighting,
    UncertaintyWeighting,
    base,
)

LOSSES = {"seg": 2.0, "color": 0.5, "depth": 0.01}
MAKERS = {
    "fixed": lambda: FixedWeights(dict.fromkeys(LOSSES, 3.0)),
    "uncertainty": lambda: UncertaintyWeighting(LOSSES),
    "dynamic": lambda: DynamicWeightAverage(LOSSES),
}


@pytest.fixture(params=MAKERS)
def weighting(request):
    """One of each kind."""
    return MAKERS[request.param]()


def test_total_is_the_weighted_sum():
    weighting = FixedWeights({"seg": 1, "color": 10, "depth": 100})
    total = weighting(LOSSES)
    assert total.dtype == tf.float32 and total.shape == ()
    assert float(total) == pytest.approx(2 + 5 + 1)


def test_weights_are_the_gradients_of_the_losses():
    weighting = FixedWeights({"seg": 1, "color": 0, "depth": 100})
    losses = {task: tf.Variable(value) for task, value in LOSSES.items()}
    with tf.GradientTape() as tape:
        total = weighting(losses)
    gradients = {task: float(g) for task, g in tape.gradient(total, losses).items()}
    assert gradients == weighting.current_weights() == {"seg": 1, "color": 0, "depth": 100}


def test_weights_stay_as_they_are():
    weighting = FixedWeights({"seg": 1, "depth": 100})
    for loss in (1.0, 0.1, 0.0):
        weighting.end_epoch({"seg": loss, "depth": 2 * loss})
    assert weighting.current_weights() == {"seg": 1, "depth": 100}
    assert weighting.weights == []


@pytest.mark.parametrize("weight", [-1, -0.1])
def test_negative_weights_are_refused(weight):
    with pytest.raises(ValueError, match="not be negative"):
        FixedWeights({"seg": 1, "depth": weight})


# --- all of them ------------------------------------------------------------------------------------------


def test_example_in_the_documentation_is_true():
    result = doctest.testmod(base, extraglobs={"FixedWeights": FixedWeights})
    assert result.attempted == 2
    assert result.failed == 0


def test_order_of_the_losses_does_not_matter(weighting):
    assert float(weighting(LOSSES)) == float(weighting(dict(reversed(LOSSES.items()))))


def test_any_kind_of_number_is_a_loss(weighting):
    expected = float(weighting(LOSSES))
    kinds = (np.float32, np.float64, np.array, tf.constant, tf.Variable)
    for kind in (*kinds, lambda value: tf.constant(value, tf.float64)):
        total = weighting({task: kind(value) for task, value in LOSSES.items()})
        assert total.dtype == tf.float32
        assert float(total) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "names", [("seg", "color"), ("seg", "color", "depth", "normals"), ("seg", "color", "disparity")]
)
def test_unknown_and_missing_tasks_are_refused(weighting, names):
    with pytest.raises(ValueError, match="is for the tasks"):
        weighting(dict.fromkeys(names, 1.0))


def test_total_is_the_same_inside_a_compiled_function(weighting):
    compiled = tf.function(lambda losses: weighting(losses))
    assert float(compiled({task: tf.constant(v) for task, v in LOSSES.items()})) == float(weighting(LOSSES))


def test_gradients_reach_the_network(weighting):
    parameter = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        total = weighting({task: value * parameter**2 for task, value in LOSSES.items()})
    weights = weighting.current_weights()
    expected = sum(2 * value * weights[task] for task, value in LOSSES.items())
    assert float(tape.gradient(total, parameter)) == pytest.approx(expected, rel=1e-6)


def test_computes_in_full_precision_under_a_mixed_policy(weighting):
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        again = type(weighting).from_config(weighting.get_config())
        assert float(again(LOSSES | {"seg": 2.001})) == float(weighting(LOSSES | {"seg": 2.001}))
        assert all(weight.dtype in ("float32", "int32") for weight in again.weights)
    finally:
        keras.mixed_precision.set_dtype_policy(before)


@pytest.mark.parametrize(
    "weighting",
    [
        FixedWeights({"seg": 1, "depth": 100}, name="grid"),
        UncertaintyWeighting(("a", "b"), form="gal", initial=-0.5, regression=("b",), name="uw"),
        DynamicWeightAverage(("seg", "depth"), temperature=0.7, name="dwa"),
    ],
    ids=lambda weighting: weighting.name,
)
def test_can_be_saved_as_a_keras_object(weighting):
    saved = keras.saving.serialize_keras_object(weighting)
    again = keras.saving.deserialize_keras_object(saved)
    assert again.get_config() == weighting.get_config()
    assert (again.name, again.tasks) == (weighting.name, weighting.tasks)
    for loss in (1.0, 0.5):
        for each in (weighting, again):
            each.end_epoch(dict(zip(each.tasks, (loss, 1.0), strict=True)))
    assert again.current_weights() == weighting.current_weights()


@pytest.mark.parametrize("make", [UncertaintyWeighting, DynamicWeightAverage])
@pytest.mark.parametrize("tasks", [(), ("seg", "seg")])
def test_tasks_are_named_once(make, tasks):
    with pytest.raises(ValueError, match="at least one task"):
        make(tasks)
    with pytest.raises(ValueError, match="at least one task"):
        FixedWeights({})


def test_a_new_weighting_needs_one_method():
    class Equal(TaskWeighting):
        def __init__(self, tasks, factor=1.0, **kwargs):
            super().__init__(tasks, **kwargs)
            self.factor = factor

        def task_weights(self):
            return tf.fill([len(self.tasks)], self.factor)

    halves = Equal(("seg", "depth"), 0.5, trainable=False)
    halves = Equal.from_config(halves.get_config())  # arguments of its own are part of it
    assert not halves.trainable
    assert float(halves({"seg": 2.0, "depth": 4.0})) == 3
    assert halves.current_weights() == {"seg": 0.5, "depth": 0.5}
    halves.end_epoch({"seg": 1.0, "depth": 1.0})
