"""`WeightedModel` with weights of 1 against plain Keras: what ``compile`` and ``fit`` promise."""

import contextlib
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from selfsup_segmentation.losses import segmentation_loss
from selfsup_segmentation.weighting import (
    DynamicWeightAverage,
    FixedWeights,
    GradientBalance,  # noqa: F401, by its name in `WAYS`
    GradientWeighting,
    UncertaintyWeighting,
    WeightedModel,
)
from tests.conftest import REPOSITORY
from tests.weighting import test_engine

layers = keras.layers
DRAW = np.random.default_rng(0)
X = DRAW.standard_normal((40, 5)).astype("float32")
Y = {"sign": (X[:, 0] > 0).astype("int32"), "sum": X.sum(1, keepdims=True)}
IMAGES = DRAW.standard_normal((40, 4, 6, 2)).astype("float32")
CLASSES = {"sign": (IMAGES[..., 0] > 0).astype("int32"), "sum": IMAGES.sum(-1, keepdims=True)}
WEIGHTS = {task: DRAW.uniform(0, 3, 40).astype("float32") for task in Y}
OBJECTS = {
    "sign": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sum": keras.losses.MeanSquaredError(),
}
NAMES = {"sign": "sparse_categorical_crossentropy", "sum": "mse"}
FUNCTIONS = {
    "sign": lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p, from_logits=True),
    "sum": lambda y, p: keras.ops.square(y - p),  # any shape
}
SUMS = OBJECTS | {"sum": keras.losses.MeanSquaredError(reduction="sum")}
SCALARS = {"sign": segmentation_loss, "sum": lambda y, p: keras.ops.mean(keras.ops.square(y - p))}


class Penalized(layers.Layer):
    """Adds a loss of its inputs."""

    def call(self, inputs):
        self.add_loss(0.01 * keras.ops.mean(keras.ops.square(inputs)))
        return inputs


def heads(trunk, kind):
    outputs = {"sign": layers.Dense(2, "softmax" if kind == "softmax" else None, name="sign")(trunk)}
    outputs["sum"] = layers.Dense(1, name="sum")(trunk)
    return {"list": [outputs["sum"], outputs["sign"]], "single": outputs["sign"]}.get(kind, outputs)


def network(kind="dict"):
    keras.utils.set_random_seed(1)
    inputs = layers.Input((None, None, 2) if kind == "images" else (5,))
    if kind == "images":
        trunk = layers.Conv2D(3, 3, padding="same", activation="tanh", kernel_regularizer="l2")(inputs)
    elif kind == "penalized":
        trunk = Penalized()(
            layers.Dense(7, "tanh", kernel_regularizer="l2", activity_regularizer="l1")(inputs)
        )
    else:
        trunk = layers.BatchNormalization()(layers.Dense(7, "tanh")(inputs))
    return keras.Model(inputs, heads(trunk, kind))


def sgd(**options):
    return keras.optimizers.SGD(0.05, **options)


def pair(kind="dict", losses=OBJECTS, optimizer=sgd, **compiled):
    """The network in plain Keras and in a `WeightedModel`, both compiled."""
    compiled = {"run_eagerly": "jit_compile" not in compiled} | compiled  # no time for tracing
    plain = network(kind)
    plain.compile(optimizer(), losses if len(losses) > 1 else next(iter(losses.values())), **compiled)
    ours = WeightedModel(network(kind), FixedWeights(dict.fromkeys(losses, 1)), losses)
    ours.compile(optimizer(), **compiled)
    return plain, ours


def assert_same(plain, ours, *numbers):
    """Trained weights are equal to the bit, logged numbers to rounding."""
    for mine, theirs in zip(ours.network.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for theirs, mine in numbers:
        for name in theirs:
            np.testing.assert_allclose(mine[name], theirs[name], rtol=2e-6, err_msg=name)


def only(task, values):
    return {task: values[task]}


METRICS = {"metrics": {"sign": "accuracy"}, "weighted_metrics": {"sum": ["mae"]}}
CASES = {  # what `pair` receives, and what `fit` receives
    "names": ({"kind": "softmax", "losses": NAMES}, {}),
    "functions": ({"losses": FUNCTIONS}, {"sample_weight": WEIGHTS}),
    "scalar functions": ({"losses": SCALARS}, {}),
    "list of outputs": (
        {"kind": "list"},
        {"y": [Y["sum"], Y["sign"]], "sample_weight": list(WEIGHTS.values())},
    ),
    "class weights of a single output": (
        {"kind": "single", "losses": only("sign", OBJECTS)},
        {"y": Y["sign"], "class_weight": {0: 0.2, 1: 3.0}},
    ),
    "losses of layers": ({"kind": "penalized"}, {"sample_weight": WEIGHTS["sum"]}),
    "a weight for each pixel": (
        {"kind": "images"},
        {
            "x": IMAGES,
            "y": CLASSES,
            "sample_weight": {k: v[..., None, None] * np.ones((4, 6)) for k, v in WEIGHTS.items()},
        },
    ),
    "metrics, validation": (
        METRICS,
        {"sample_weight": WEIGHTS, "validation_data": (X[:30] * 2, {k: v[:30] for k, v in Y.items()})},
    ),
    "several steps an execution": ({"steps_per_execution": 2, "run_eagerly": False}, {}),
    "XLA": ({"jit_compile": True}, {}),
    "a graph": ({"run_eagerly": False}, {"sample_weight": WEIGHTS}),
    "accumulated gradients": ({"optimizer": lambda: sgd(gradient_accumulation_steps=2)}, {}),
    "sums instead of means": ({"losses": SUMS}, {}),
}


MORE = ("names", "a weight for each pixel", "several steps an execution", "XLA", "accumulated gradients")


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow) if case in MORE else case for case in CASES]
)
def test_fit_is_that_of_keras(case):
    models, data = CASES[case]
    plain, ours = pair(**models)
    options = {"x": X, "y": Y, "batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0} | data
    assert_same(plain, ours, (plain.fit(**options).history, ours.fit(**options).history))


def test_evaluation_and_single_batches_are_those_of_keras():
    plain, ours = pair(**METRICS)
    for model in (plain, ours):  # all tasks have one weight for each sample
        model.results = [
            model.train_on_batch(X, Y, WEIGHTS["sum"]),
            model.test_on_batch(X, Y, return_dict=True),
            model.evaluate(X, Y, 16, 0, sample_weight=WEIGHTS),
            model.predict(X, verbose=0),
            model.metrics_names,
        ]
    keras.tree.map_structure(
        lambda mine, theirs: (
            np.testing.assert_allclose(mine, theirs, rtol=1e-6) if not isinstance(mine, str) else None
        ),
        ours.results,
        plain.results,
    )
    assert ours.metrics_names == plain.metrics_names
    assert_same(plain, ours)


def test_half_precision_scales_the_loss():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        plain, ours = network(), network()
    finally:
        keras.config.set_dtype_policy("float32")
    plain.compile(sgd(), OBJECTS, run_eagerly=True)
    ours = WeightedModel(ours, FixedWeights(dict.fromkeys(OBJECTS, 1)), OBJECTS)
    ours.compile(sgd(), run_eagerly=True)
    assert isinstance(ours.optimizer, keras.optimizers.LossScaleOptimizer)
    assert_same(plain, ours, *[[model.fit(X, Y, 16, 2, 0).history for model in (plain, ours)]])


class Seen(keras.callbacks.Callback):
    """Number of epochs that the weighting has seen, after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.epochs = [*getattr(self, "epochs", []), int(self.model.weighting.epochs)]


@pytest.mark.parametrize(
    "given",
    [
        lambda seen: seen,
        lambda seen: [seen],
        lambda seen: (seen,),
        lambda seen: keras.callbacks.CallbackList([seen]),
    ],
)
def test_callbacks_are_one_or_several_and_at_any_position(given):
    model, seen = WeightedModel(network(), DynamicWeightAverage(list(OBJECTS)), OBJECTS), Seen()
    model.compile(sgd(), None, None, {"sign": "accuracy"}, run_eagerly=True)
    assert "sign_accuracy" in model.fit(X, Y, 16, 2, 0, given(seen), 0.5).history
    assert seen.epochs == [1, 2]


def weighted(weighting=UncertaintyWeighting, tasks=tuple(OBJECTS), losses=OBJECTS):
    model = WeightedModel(network(), weighting(tasks), losses)
    model.compile(keras.optimizers.Adam(0.05), run_eagerly=True)
    return model


def test_weights_are_loaded_before_the_first_call(tmp_path):
    model = weighted(DynamicWeightAverage)
    model.fit(X, Y, 16, 3, 0)
    model.save_weights(tmp_path / "model.weights.h5")
    again = weighted(DynamicWeightAverage)
    again.optimizer.build(again.trainable_variables)
    again.load_weights(tmp_path / "model.weights.h5")
    for mine, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "weighting", [DynamicWeightAverage, pytest.param(UncertaintyWeighting, marks=pytest.mark.slow)]
)
def test_an_interrupted_fit_resumes(weighting, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    expected, model = weighted(weighting), weighted(weighting)
    expected.fit(X, Y, 16, 5, 0, shuffle=False)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, 16, 5, 0, [keras.callbacks.BackupAndRestore(tmp_path), Stop()], shuffle=False)
    resumed = weighted(weighting)
    resumed.fit(X, Y, 16, 5, 0, keras.callbacks.BackupAndRestore(tmp_path), shuffle=False)
    for mine, theirs in zip(resumed.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("losses", [OBJECTS, NAMES | {"sign": segmentation_loss}], ids=["objects", "others"])
def test_the_model_is_saved_and_loaded(losses, tmp_path):
    model = weighted(losses=losses)
    model.fit(X, Y, 16, 2, 0, shuffle=False)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", {"segmentation_loss": segmentation_loss})
    for each in (model, loaded):
        each.fit(X, Y, 16, 1, 0, shuffle=False)
    for mine, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("options", [{"loss": OBJECTS}, {"loss_weights": {"sign": 2.0}}])
def test_losses_and_weights_of_compile_are_refused(options):
    with pytest.raises(ValueError, match="of WeightedModel, not of compile"):
        weighted().compile("sgd", **options)


def test_a_loss_that_is_no_scalar_is_refused():
    losses = {"sign": OBJECTS["sign"], "sum": keras.losses.MeanSquaredError(reduction=None)}
    with pytest.raises(ValueError, match="must be a scalar"):
        weighted(losses=losses).fit(X[:2], {task: target[:2] for task, target in Y.items()}, verbose=0)


WAYS = {
    "functions": ("UncertaintyWeighting", "FUNCTIONS"),
    "objects": ("DynamicWeightAverage", "OBJECTS"),
    "scalar functions": ("UncertaintyWeighting", "SCALARS"),
    "gradients": ("GradientBalance", "FUNCTIONS"),
}
ON_TWO_DEVICES = """
import json, sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.weighting import test_engine, test_fit_contract as contract
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
found = {name: contract.train(name, strategy) for name in contract.WAYS}
json.dump(found | {"rules": test_engine.on_devices(strategy)}, sys.stdout)
"""


def train(name, strategy=None):
    """Weights, weighting and history of three epochs."""
    kind, losses = (globals()[name] for name in WAYS[name])
    with strategy.scope() if strategy else contextlib.nullcontext():
        more = {"primary": "sign"} if issubclass(kind, GradientWeighting) else {}
        net = network("penalized")
        model = WeightedModel(net, kind(list(Y), **more), losses, shared=[0, 1] if more else None)
        model.compile(sgd(), weighted_metrics={"sum": "mae"})
    weights = WEIGHTS if name != "scalar functions" else None  # for a mean there is no weight of a sample
    history = model.fit(X, Y, 16, 3, 0, shuffle=False, sample_weight=weights).history
    return {
        "history": history,
        "weights": [np.ravel(weight).tolist() for weight in model.network.get_weights()],
        "weighting": model.weighting.current_weights(),
    }


@pytest.fixture(scope="module")
def trained_on_two():
    command = [sys.executable, "-c", ON_TWO_DEVICES]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", WAYS)
def test_two_devices_train_as_one(name, trained_on_two):
    two, one = trained_on_two[name], train(name)
    keras.tree.map_structure(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-6), two, one)
    assert one["weighting"] != pytest.approx(dict.fromkeys(Y, 1.0), abs=1e-3)


def test_rules_for_one_main_task_compute_on_two_devices_what_they_do_on_one(trained_on_two):
    two, one = trained_on_two["rules"], test_engine.on_devices()
    keras.tree.map_structure(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6), two, one)
