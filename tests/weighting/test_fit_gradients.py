"""`WeightedModel` with a weighting of gradients: with factors of 1 plain Keras, and otherwise its rule."""

import keras
import numpy as np
import pytest
from keras import ops

from selfsup_segmentation.weighting import (
    FixedWeights,
    GradientBalance,
    GradientWeighting,
    PrimaryConstrained,
    SoftOptimalUncertainty,
    WeightedModel,
)
from tests.weighting.test_fit_contract import OBJECTS, WEIGHTS, X, Y, network, sgd

TASKS = tuple(OBJECTS)


@keras.saving.register_keras_serializable("tests")
class Even(GradientWeighting):
    """The gradient of the plain sum."""

    def rule(self, gram, losses):
        return ops.ones(len(self.tasks))


def shared_of(net):
    """Variables of all layers but the heads."""
    return [v for layer in net.layers if layer.name not in TASKS for v in layer.trainable_variables]


def weighted(rule, kind="dict", shared=shared_of, **compiled):
    net = network(kind)
    rule = rule(TASKS, primary="sign")
    model = WeightedModel(net, rule, OBJECTS, shared=shared(net) if callable(shared) else shared)
    model.compile(sgd(), **{"run_eagerly": True} | compiled)
    return model


FIT = {
    "x": X,
    "y": Y,
    "batch_size": 16,
    "epochs": 3,
    "shuffle": False,
    "verbose": 0,
    "sample_weight": WEIGHTS,
}


def assert_close(mine, theirs):
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "compiled", "fitted"),
    [
        ("dict", {"metrics": {"sign": "accuracy"}, "weighted_metrics": {"sum": ["mae"]}}, {}),
        ("list", {}, {"y": [Y["sum"], Y["sign"]], "sample_weight": list(WEIGHTS.values())}),
        ("penalized", {}, {}),
        ("dict", {"run_eagerly": False, "steps_per_execution": 2}, {}),
        pytest.param("dict", {"run_eagerly": False, "jit_compile": True}, {}, marks=pytest.mark.slow),
    ],
    ids=["metrics", "list", "losses of layers", "several steps an execution", "XLA"],
)
def test_factors_of_1_train_as_keras_does(kind, compiled, fitted):
    compiled = {"run_eagerly": True} | compiled
    plain, model = network(kind), weighted(Even, kind, **compiled)
    plain.compile(sgd(), OBJECTS, **compiled)
    expected, history = (each.fit(**FIT | fitted).history for each in (plain, model))
    assert_close(model.network, plain)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)


def test_half_precision_trains_as_keras_does():
    """With a scale at which neither the sum nor a task alone overflows, which skips a step."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        plain, model = network(), weighted(Even)
    finally:
        keras.config.set_dtype_policy("float32")
    plain.compile(keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=256), OBJECTS, run_eagerly=True)
    model.compile(keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=256), run_eagerly=True)
    initial = plain.get_weights()
    for each in (plain, model):
        each.fit(**FIT)
    trained = [model.network.get_weights(), plain.get_weights(), initial]
    for one, other, before in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-2 * np.abs(other - before).max())


def test_history_has_what_the_rule_did_and_the_rule_changes_the_shared_variables():
    model, even = weighted(GradientBalance), weighted(Even)
    history, _ = (each.fit(**FIT).history for each in (model, even))
    names = {f"{name}_{task}" for name in ("norm", "cosine", "weight") for task in TASKS}
    assert names <= set(history) and all(len(history[name]) == 3 for name in names)
    np.testing.assert_array_equal(history["weight_sign"], 1)
    norms = np.array([history[f"norm_{task}"] for task in TASKS])
    assert ((np.array(history["weight_sum"]) - 1) * (norms[0] / norms[1] - 1) > 0).all()
    assert np.abs(model.get_weights()[0] - even.get_weights()[0]).max() > 1e-3


def test_shared_variables_are_named_by_a_layer_or_given_or_counted():
    inputs = keras.layers.Input((5,))
    keras.utils.set_random_seed(1)
    trunk = keras.Model(inputs, keras.layers.Dense(7, "tanh")(inputs), name="encoder")
    heads = {"sign": keras.layers.Dense(2), "sum": keras.layers.Dense(1)}
    net = keras.Model(inputs, {task: head(trunk(inputs)) for task, head in heads.items()})
    initial, found = net.get_weights(), []
    for shared in ("encoder", trunk.trainable_variables, [0, 1]):
        net.set_weights(initial)
        model = WeightedModel(net, PrimaryConstrained(TASKS, "sign"), OBJECTS, shared=shared)
        model.compile(sgd(), run_eagerly=True)
        model.fit(**FIT)
        found.append(net.get_weights())
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(found[0], initial, strict=True))


def test_the_model_is_saved_and_loaded_and_resumes(tmp_path):
    model = weighted(GradientBalance)
    model.fit(**FIT)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.shared == model.shared
    for each in (model, loaded):
        each.fit(**FIT)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("weighting", "shared", "words"),
    [
        (Even(TASKS, "sign"), None, "is for a GradientWeighting, which needs it"),
        (FixedWeights(dict.fromkeys(TASKS, 1.0)), [0], "is for a GradientWeighting, which needs it"),
        (Even(TASKS, "sign"), [], "no variable of it is trained"),
        (Even(TASKS, "sign"), [keras.Variable(0.0)], "none of the network's"),
        (Even(TASKS, "sign"), "encoder", "No such layer: encoder"),
    ],
)
def test_what_cannot_be_shared_is_refused(weighting, shared, words):
    with pytest.raises(ValueError, match=words):
        WeightedModel(network(), weighting, OBJECTS, shared=shared)


def test_a_variable_that_two_tasks_train_must_be_shared():
    model = weighted(Even, shared=[0])
    with pytest.raises(ValueError, match="neither shared nor one task's own"):
        model.fit(**FIT)


def test_validation_changes_no_state_of_a_weighting():
    """Rules that read the losses of steps: not those of a validation."""
    found = []
    for validation in (None, (X * 100, Y)):
        weighting = SoftOptimalUncertainty(list(TASKS))
        model = WeightedModel(network(), weighting, OBJECTS)
        model.compile(sgd(), run_eagerly=True)
        model.fit(**FIT, validation_data=validation)
        found.append(weighting.get_weights() + model.network.get_weights())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
