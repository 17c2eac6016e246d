import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.models.batch_normalization import FusedBatchNormalization
from tests.models import largest_difference

CHANNELS = 5


def pair(channels=CHANNELS, rank=4, policy=None, **options):
    """Our layer and Keras', built alike, with equal weights that are not the initial ones."""
    layers = [
        kind(**options, dtype=policy) for kind in (FusedBatchNormalization, keras.layers.BatchNormalization)
    ]
    draw = np.random.default_rng(7)
    for layer in layers:
        layer.build((None,) * (rank - 1) + (channels,))
    for ours, theirs in zip(*(layer.weights for layer in layers), strict=True):
        assert ours.name == theirs.name
        value = draw.uniform(0.4, 1.6, ours.shape)
        ours.assign(value)
        theirs.assign(value)
    return layers


def features(shape=(3, 7, 5, CHANNELS), seed=0):
    draw = np.random.default_rng(seed)
    return (
        draw.standard_normal(shape) * np.linspace(0.5, 3, shape[-1]) + np.linspace(-1, 1, shape[-1])
    ).astype("float32")


def assert_same_weights(ours, theirs, tolerance=1e-5):
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=tolerance, atol=tolerance, err_msg=a.name)


@pytest.fixture
def forbid_fused(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the fused op was called")

    monkeypatch.setattr(tf.compat.v1.nn, "fused_batch_norm", refuse)


@pytest.fixture
def count_fused(monkeypatch):
    calls, fused = [], tf.compat.v1.nn.fused_batch_norm

    def count(*args, **kwargs):
        calls.append(args)
        return fused(*args, **kwargs)

    monkeypatch.setattr(tf.compat.v1.nn, "fused_batch_norm", count)
    return calls


@pytest.mark.parametrize("shape", [(3, 7, 5, 5), (1, 1, 9, 5), (2, 8, 8, 1), (4, 1, 1, 3), (1, 33, 17, 64)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"epsilon": 2e-5, "momentum": 0.9}, {"scale": False}], ids=str)
def test_outputs_gradients_and_statistics_are_those_of_keras(shape, training, options, count_fused):
    ours, theirs = pair(shape[-1], **options)
    exact = keras.layers.BatchNormalization(**options, dtype="float64")
    exact.build(shape)
    exact.set_weights(theirs.get_weights())
    seen = []
    for layer in (ours, exact):
        inputs, target = (tf.cast(features(shape, seed), layer.compute_dtype) for seed in (0, 1))
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=training)
            loss = tf.reduce_sum(target * outputs)
        seen.append([outputs, *tape.gradient(loss, [inputs, *(v.value for v in layer.trainable_variables)])])
    assert count_fused
    assert len(seen[0]) == 2 + len(ours.trainable_variables) >= 3
    for a, b in zip(*seen, strict=True):
        assert largest_difference(a, b) < 1e-5
    assert_same_weights(ours, exact)


def test_statistics_stay_those_of_keras_over_many_steps():
    ours, theirs = pair()
    start = ours.moving_variance.numpy()
    for step in range(20):
        for layer in (ours, theirs):
            layer(features(seed=step), training=True)
    assert np.abs(ours.moving_variance.numpy() - start).min() > 0.01
    assert_same_weights(ours, theirs)


def test_moving_variance_takes_the_biased_variance_of_the_batch():
    layer = FusedBatchNormalization(momentum=0.0)
    inputs = features((1, 2, 2, 3))  # of 4 pixels the unbiased variance is a third larger
    layer(inputs, training=True)
    np.testing.assert_allclose(layer.moving_variance.numpy(), inputs.var((0, 1, 2)), rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_inference_and_frozen_layers_leave_the_statistics(training):
    layer, _ = pair()
    layer.trainable = not training  # frozen in training, or trainable in inference
    before = [w.numpy() for w in layer.weights]
    outputs = layer(features(), training=training)
    for value, weight in zip(before, layer.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    gamma, beta, mean, variance = (
        w.numpy() for w in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
    )
    expected = (features() - mean) / np.sqrt(variance + layer.epsilon) * gamma + beta
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("training", [True, False])
def test_mixed_precision_computes_as_keras_does(policy, training, count_fused):
    ours, theirs = pair(policy=policy)
    inputs = tf.cast(features(), ours.compute_dtype)
    a, b = ours(inputs, training=training), theirs(inputs, training=training)
    assert count_fused
    assert a.dtype == b.dtype == ours.compute_dtype
    assert {w.dtype for w in ours.weights} == {"float32"}
    one_digit = 2.0**-10 if policy == "mixed_float16" else 2.0**-7
    np.testing.assert_allclose(tf.cast(a, "float32"), tf.cast(b, "float32"), rtol=one_digit, atol=one_digit)
    assert_same_weights(ours, theirs)
    assert ours(features(), training=training).dtype == a.dtype  # float32 inputs are cast


def test_shapes_may_be_unknown_while_tracing():
    ours, theirs = pair()
    traces = []

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, CHANNELS))])
    def step(inputs):
        traces.append(inputs.shape)
        return ours(inputs, training=True)

    for seed, shape in enumerate([(1, 2, 3, CHANNELS), (4, 9, 2, CHANNELS), (2, 1, 1, CHANNELS)]):
        outputs = step(features(shape, seed))
        np.testing.assert_allclose(outputs, theirs(features(shape, seed), training=True), atol=1e-5)
    assert len(traces) == 1
    assert_same_weights(ours, theirs)


def test_momentum_may_be_a_tensor():
    ours, theirs = pair()

    @tf.function
    def step(inputs, momentum):
        ours.momentum = momentum
        ours(inputs, training=True)
        ours.momentum = 0.99

    for seed, momentum in enumerate([0.0, 0.5, 2 / 3]):  # plain means of 1, 2 and 3 batches
        step(features(seed=seed), tf.constant(momentum))
        theirs.momentum = momentum
        theirs(features(seed=seed), training=True)
    assert_same_weights(ours, theirs)
    means = [features(seed=seed).mean((0, 1, 2)) for seed in range(3)]
    np.testing.assert_allclose(ours.moving_mean.numpy(), np.mean(means, 0), atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}], ids=str)
def test_weights_pass_both_ways(options):
    ours, theirs = pair(**options)
    fresh = FusedBatchNormalization(**options)
    fresh.build((None, None, None, CHANNELS))
    fresh.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(fresh(features()), ours(features()))
    theirs.set_weights([w * 0.5 for w in ours.get_weights()])
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(features()), theirs(features()), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((3, 5), {}),
        ((3, 4, 5), {}),
        ((2, 3, 4, 5, 5), {}),
        ((3, 7, 5, 5), {"axis": 1}),
        ((3, 7, 5, 5), {"renorm": True}),
        ((3, 7, 5, 5), {"dtype": "float64"}),
        ((3, 7, 5, 5), {"dtype": "bfloat16"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("training", [True, False])
def test_all_else_is_left_to_keras(shape, options, training, forbid_fused):
    layers = [FusedBatchNormalization(**options), keras.layers.BatchNormalization(**options)]
    ours, theirs = (layer(features(shape), training=training) for layer in layers)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(tf.cast(ours, "float64"), tf.cast(theirs, "float64"))
    assert_same_weights(*layers, tolerance=0)


def test_masks_are_left_to_keras(forbid_fused):
    mask = np.random.default_rng(0).random((3, 7, 5)) < 0.5
    ours, theirs = pair()
    np.testing.assert_array_equal(
        ours(features(), training=True, mask=mask), theirs(features(), training=True, mask=mask)
    )
    assert_same_weights(ours, theirs, tolerance=0)


def test_one_pixel_is_its_own_mean():
    ours, theirs = pair(3)
    inputs = tf.constant(features((1, 1, 1, 3)))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = ours(inputs, training=True)
    np.testing.assert_allclose(outputs[0, 0, 0], ours.beta.numpy(), atol=1e-6)
    np.testing.assert_allclose(tape.gradient(outputs, inputs), np.zeros((1, 1, 1, 3)), atol=1e-5)
    theirs(inputs, training=True)
    assert_same_weights(ours, theirs)
    assert all(np.isfinite(w.numpy()).all() for w in ours.weights)


def test_the_layer_is_loaded_without_being_named(tmp_path):
    model = keras.Sequential([keras.layers.Input((None, None, 3)), FusedBatchNormalization(epsilon=2e-5)])
    model.layers[0].set_weights([np.full(3, 0.1 * i) for i in range(1, 5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert type(loaded.layers[0]) is FusedBatchNormalization
    np.testing.assert_array_equal(loaded(features((1, 2, 2, 3))), model(features((1, 2, 2, 3))))
