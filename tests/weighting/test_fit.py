import keras
import numpy as np
import pytest

from selfsup_segmentation.weighting import (
    DynamicWeightAverage,
    FixedWeights,
    UncertaintyWeighting,
    WeightedModel,
)

LOSSES = {
    "sign": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sum": keras.losses.MeanSquaredError(),
}
DRAW = np.random.default_rng(0)
X = DRAW.standard_normal((48, 5)).astype("float32")
Y = {"sign": (X[:, 0] > 0).astype("int32"), "sum": X.sum(1, keepdims=True)}


def network():
    keras.utils.set_random_seed(1)
    inputs = keras.layers.Input((5,))
    trunk = keras.layers.Dense(7, "tanh")(inputs)
    outputs = {"sign": keras.layers.Dense(2)(trunk), "sum": keras.layers.Dense(1)(trunk)}
    return keras.Model(inputs, outputs)


def fit(weighting, **options):
    model = WeightedModel(network(), weighting, LOSSES)
    model.compile(keras.optimizers.SGD(0.05))
    return model, model.fit(X, Y, batch_size=16, epochs=4, shuffle=False, verbose=0, **options).history


def test_fixed_weights_are_keras_own_loss_weights():
    model, history = fit(FixedWeights({"sign": 0.3, "sum": 2.0}))
    plain = network()
    plain.compile(keras.optimizers.SGD(0.05), loss=LOSSES, loss_weights={"sign": 0.3, "sum": 2.0})
    expected = plain.fit(X, Y, batch_size=16, epochs=4, shuffle=False, verbose=0).history
    for ours, theirs in zip(model.network.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for name in ("loss", "sign_loss", "sum_loss"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)


@pytest.mark.parametrize("validation", [{}, {"validation_data": (X * 100, Y)}], ids=["alone", "validated"])
def test_dynamic_average_is_told_the_mean_training_losses(validation):
    weighting = DynamicWeightAverage(["sum", "sign"])
    _, history = fit(weighting, **validation)
    alone = DynamicWeightAverage(["sum", "sign"])
    for means in zip(history["sum_loss"], history["sign_loss"], strict=True):
        alone.end_epoch(dict(zip(("sum", "sign"), means, strict=True)))
    assert weighting.current_weights() == pytest.approx(alone.current_weights(), rel=1e-6)
    assert weighting.current_weights()["sum"] != pytest.approx(1, abs=1e-3)
    assert ("val_sum_loss" in history) == bool(validation)


def test_uncertainties_are_trained_with_the_network():
    weighting = UncertaintyWeighting(["sign", "sum"], regression=["sum"])
    model, history = fit(weighting)
    assert any(variable is weighting.log_variance for variable in model.trainable_variables)
    assert np.abs(np.array(weighting.log_variance)).min() > 1e-3
    assert history["sum_loss"][-1] < history["sum_loss"][0]


def test_the_network_is_saved_alone(tmp_path):
    model, _ = fit(FixedWeights({"sign": 1.0, "sum": 1.0}))
    model.network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for task, output in model.network(X).items():
        np.testing.assert_array_equal(loaded(X)[task], output)


def test_losses_of_other_tasks_are_refused():
    with pytest.raises(ValueError, match="sign"):
        WeightedModel(network(), FixedWeights({"sign": 1.0, "sum": 1.0}), {"sign": LOSSES["sign"]})
