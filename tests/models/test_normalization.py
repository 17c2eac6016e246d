import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.models import build_encoder, build_multitask_unet
from selfsup_segmentation.models.multitask import encoder_input
from selfsup_segmentation.models.normalization import (
    batch_norm_layers,
    get_statistics,
    load_statistics,
    save_statistics,
    set_statistics,
    statistics_estimator,
    statistics_of,
)
from tests.models import as_it_was, assert_all_equal, images, stir

LAB = [images(2, seed=seed) + 0.1 * seed for seed in range(5)]
GRAY = [images(2, seed=seed)[..., :1].repeat(3, -1) * 1.5 + 1 for seed in range(5, 10)]
BATCHES = {"lab": LAB, "gray": GRAY}


@pytest.fixture(scope="module")
def model():
    model = build_multitask_unet(("seg", "color"))
    stir(model)
    return model


@pytest.fixture(scope="module")
def estimated(model):
    estimate = statistics_estimator(model.get_layer("encoder"))
    return {stream: estimate(batches) for stream, batches in BATCHES.items()}


def means_and_variances(feature_maps):
    """The plain mean over batches of each batch's mean and biased variance."""
    feature_maps = [np.asarray(f, "float64") for f in feature_maps]
    return [np.mean([moment(f, axis=(0, 1, 2)) for f in feature_maps], 0) for moment in (np.mean, np.var)]


@pytest.mark.parametrize("stream", ["lab", "gray"])
def test_the_first_layer_has_the_mean_statistics_of_the_images(estimated, stream):
    mean, variance = means_and_variances(BATCHES[stream])
    np.testing.assert_allclose(estimated[stream][0], mean, atol=1e-5)
    np.testing.assert_allclose(estimated[stream][1], variance, rtol=1e-5)


@pytest.mark.parametrize("name", ["stage2_unit1_bn1", "bn1"])
@pytest.mark.parametrize("stream", ["lab", "gray"])
def test_a_deep_layer_has_the_mean_statistics_of_its_inputs(model, estimated, stream, name):
    encoder = build_encoder()
    encoder.set_weights(model.get_layer("encoder").get_weights())
    features = keras.Model(encoder.input, encoder.get_layer(name).input)
    mean, variance = means_and_variances(features(batch, training=True) for batch in BATCHES[stream])
    index = [layer.name for layer in batch_norm_layers(encoder)].index(name)
    np.testing.assert_allclose(estimated[stream][2 * index], mean, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(estimated[stream][2 * index + 1], variance, rtol=1e-3)


def test_there_is_a_mean_and_a_variance_for_every_layer(model, estimated):
    layers = batch_norm_layers(model.get_layer("encoder"))
    assert len(layers) == 19
    for statistics in estimated.values():
        assert [value.shape for value in statistics] == [
            layer.moving_mean.shape for layer in layers for _ in range(2)
        ]


def test_of_one_batch_the_statistics_are_its_own(model):
    mean, variance = statistics_estimator(model.get_layer("encoder"))(LAB[:1])[:2]
    np.testing.assert_allclose(mean, LAB[0].mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(variance, LAB[0].var((0, 1, 2)), rtol=1e-5)


def test_the_estimate_does_not_depend_on_what_the_moving_statistics_were(model, estimated):
    with as_it_was(model):
        set_statistics(model.get_layer("encoder"), [value * 100 + 3 for value in estimated["gray"]])
        again = statistics_estimator(model.get_layer("encoder"))(iter(LAB))
    assert_all_equal(again, estimated["lab"])


def test_estimating_leaves_the_model_as_it_was(model):
    before = model.get_weights()
    statistics_estimator(model.get_layer("encoder"))(GRAY[:2])
    assert_all_equal(model.get_weights(), before)
    assert {layer.momentum for layer in batch_norm_layers(model.get_layer("encoder"))} == {0.99}


def test_a_source_that_breaks_leaves_the_model_as_it_was(model):
    def broken():
        yield LAB[0]
        raise OSError("unreadable frame")

    before = model.get_weights()
    with pytest.raises(OSError, match="unreadable frame"):
        statistics_estimator(model.get_layer("encoder"))(broken())
    assert_all_equal(model.get_weights(), before)


def test_without_a_batch_there_is_nothing_to_estimate(model):
    with pytest.raises(ValueError, match="at least one batch"):
        statistics_estimator(model.get_layer("encoder"))([])


def test_of_an_embedded_stream_the_encoder_sees_the_embedding():
    model = build_multitask_unet(("color",), color_input="embed1x1")
    kernel, bias = np.array([[[[0.5, -2.0, 1.0]]]], "float32"), np.array([0.1, 0.2, 0.3], "float32")
    model.get_layer("embedding").set_weights([kernel, bias])
    mean, variance = means_and_variances(batch[..., :1] * kernel[0, 0, 0] + bias for batch in GRAY[:2])
    seen = [encoder_input(model, ["gray"], {"gray": batch}) for batch in GRAY[:2]]
    estimated = statistics_estimator(model.get_layer("encoder"))(seen)
    np.testing.assert_allclose(estimated[0], mean, atol=1e-5)
    np.testing.assert_allclose(estimated[1], variance, rtol=1e-4)


def test_moving_statistics_of_two_streams_lie_between_them_and_fit_neither(model, estimated):
    """The reason for statistics of each stream."""
    encoder = model.get_layer("encoder")
    layers = batch_norm_layers(encoder)
    train = tf.function(lambda batch: encoder(batch, training=True))
    with as_it_was(model):
        for layer in layers:
            layer.momentum = 0.8  # forgets the start sooner than 0.99
        for index in range(40):
            train(LAB[index % 5])
            train(GRAY[index % 5])
        for layer in layers:
            layer.momentum = 0.99
        shared, first = get_statistics(encoder), layers[0]
        normalized = first(LAB[0]) - first.beta
    lab, gray, mean = estimated["lab"][0], estimated["gray"][0], shared[0]
    distance = np.abs(gray - lab)
    assert (distance > 0.4).all()
    for own in (lab, gray):
        assert (np.abs(mean - own) > 0.3 * distance).all()
        assert (np.abs(mean - own) < 0.7 * distance).all()
    assert (np.abs(np.mean(normalized, (0, 1, 2))) > 0.2).all()
    with statistics_of(model.get_layer("encoder"), estimated["lab"]):
        own = first(LAB[2]) - first.beta
    np.testing.assert_allclose(np.mean(own, (0, 1, 2)), 0, atol=0.05)


def test_within_the_context_the_encoder_has_the_given_statistics(model, estimated):
    encoder = model.get_layer("encoder")
    own = get_statistics(encoder)
    infer = tf.function(lambda batch: model(batch, training=False)["seg"])
    batch = {"lab": LAB[0], "gray": GRAY[0]}
    outside = infer(batch)
    with statistics_of(encoder, estimated["lab"]):
        assert_all_equal(get_statistics(encoder), estimated["lab"])
        assert np.abs(infer(batch) - outside).max() > 0  # also in a graph that was traced before
    assert_all_equal(get_statistics(encoder), own)
    np.testing.assert_array_equal(infer(batch), outside)


def test_the_encoders_own_statistics_stay_with_none_and_return_after_errors(model, estimated):
    encoder = model.get_layer("encoder")
    own = get_statistics(encoder)
    with statistics_of(encoder, None):
        assert_all_equal(get_statistics(encoder), own)
    with pytest.raises(KeyError), statistics_of(encoder, estimated["gray"]):
        raise KeyError
    assert_all_equal(get_statistics(encoder), own)
    with pytest.raises(ValueError, match="shorter"), statistics_of(encoder, estimated["lab"][:-1]):
        pass  # statistics of another network
    assert_all_equal(get_statistics(encoder), own)


def test_a_file_gives_back_every_stream_to_the_bit(estimated, tmp_path):
    save_statistics(tmp_path / "statistics.npz", estimated)
    loaded = load_statistics(tmp_path / "statistics.npz")
    assert set(loaded) == {"lab", "gray"}
    for stream, statistics in estimated.items():
        assert {array.dtype for array in loaded[stream]} == {np.dtype("float32")}
        assert_all_equal(loaded[stream], statistics)


def test_a_file_with_pickled_objects_is_refused(tmp_path):
    np.savez(tmp_path / "statistics.npz", **{"lab/000": np.array([print, None], object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_statistics(tmp_path / "statistics.npz")


def test_two_streams_at_once_are_one_batch(model):
    both = encoder_input(model, ["lab", "gray"], {"lab": LAB[0], "gray": GRAY[0]})
    np.testing.assert_array_equal(both, np.concatenate([LAB[0], GRAY[0]]))
