import functools
import itertools

import keras
import numpy as np
import pytest
import segmentation_models
import tensorflow as tf

from selfsup_segmentation.models import build_encoder, build_multitask_unet
from selfsup_segmentation.models.batch_normalization import FusedBatchNormalization
from selfsup_segmentation.models.encoder import unet
from selfsup_segmentation.models.multitask import only
from tests.models import HEIGHT, WIDTH, as_it_was, assert_all_equal, images, largest_difference, stir

TASKS = ("seg", "color", "depth")
COMBINATIONS = [c for n in (1, 2, 3) for c in itertools.combinations(TASKS, n)]
ENCODER, DECODER = 11_186_889, {"seg": 3_156_291, "color": 3_158_756, "depth": 3_153_681}
PARTS = ("encoder", "decoder_seg")
BATCH = {"lab": images(2, seed=1), "gray": images(2, seed=2)}


@functools.cache
def built(tasks, color_input, encoder_pass):
    model = build_multitask_unet(tasks, color_input, encoder_pass)
    stir(model)
    return model


def network(*tasks, color_input="repeat", encoder_pass="two"):
    """Built once for all tests, which leave it as it was."""
    return built(tasks, color_input, encoder_pass)


def given(model):
    return {name: BATCH[name] for name in model.input}


@functools.cache
def plain():
    """segmentation-models' own U-Net on Keras' own layers, with the weights of our seg network."""
    model = segmentation_models.Unet("resnet18", classes=19, activation="linear", encoder_weights=None)
    assert not any(isinstance(layer, FusedBatchNormalization) for layer in model.layers)
    return model


def copy_by_layer(source, target):
    for part in PARTS:
        for layer in source.get_layer(part).layers:
            if layer.weights:
                target.get_layer(layer.name).set_weights(layer.get_weights())


def assert_equal_outputs(a, b):
    assert set(a) == set(b)
    for task in a:
        np.testing.assert_array_equal(a[task], b[task])


@pytest.mark.parametrize("tasks", COMBINATIONS, ids="+".join)
def test_parameters_and_parts_are_those_of_the_tasks(tasks):
    model = network(*tasks)
    assert model.get_layer("encoder").count_params() == ENCODER
    assert {task: model.get_layer(f"decoder_{task}").count_params() for task in tasks} == {
        task: DECODER[task] for task in tasks
    }
    assert model.count_params() == ENCODER + sum(DECODER[task] for task in tasks)
    assert len(model.trainable_variables) == 58 + 32 * len(tasks)
    assert len(model.non_trainable_variables) == 38 + 20 * len(tasks)
    streams = {"gray" if task == "color" else "lab" for task in tasks}
    assert set(model.input) == streams
    parts = {"encoder", *(f"decoder_{task}" for task in tasks)}
    assert {layer.name for layer in model.layers} == streams | parts
    logits = model(given(model), training=False)
    assert {task: (*value.shape, value.dtype) for task, value in logits.items()} == {
        task: (2, HEIGHT, WIDTH, {"seg": 19, "color": 36, "depth": 1}[task], tf.float32) for task in tasks
    }


def test_the_published_counts():
    assert network(*TASKS).count_params() == 20_655_617
    encoder = network(*TASKS).get_layer("encoder")
    assert sum(int(np.prod(v.shape)) for v in encoder.trainable_variables) == 11_178_947
    assert network("seg").count_params() == plain().count_params() == 14_343_180


def test_tasks_come_in_one_order_however_they_are_named():
    assert list(build_multitask_unet(["depth", "seg"]).output) == list(network("seg", "depth").output)


@pytest.mark.parametrize("size", [(32, 32), (64, 160)])
def test_any_multiple_of_32_is_a_size(size):
    lab = images(1, height=size[0], width=size[1])
    assert network("seg")({"lab": lab}, training=False)["seg"].shape == (1, *size, 19)


@pytest.mark.parametrize("task", TASKS)
def test_logits_are_linear_in_the_head(task):
    model = network(*TASKS)
    head = model.get_layer(f"decoder_{task}").get_layer("final_conv")
    before = model(BATCH, training=False)
    weights = head.get_weights()
    head.set_weights([-2 * weight for weight in weights])  # exact in floating point
    after = model(BATCH, training=False)
    head.set_weights(weights)
    np.testing.assert_array_equal(after[task], -2 * before[task])
    assert np.ptp(before[task]) > 0
    for other in set(TASKS) - {task}:
        np.testing.assert_array_equal(after[other], before[other])


def test_seg_is_bit_identical_to_the_u_net_that_it_is_cut_from():
    model, reference = network("seg", "color"), unet(19)
    copy_by_layer(model, reference)
    logits = reference(BATCH["lab"], training=False)
    np.testing.assert_array_equal(model(BATCH, training=False)["seg"], logits)


@pytest.mark.parametrize("training", [False, True])
def test_seg_equals_segmentation_models_own_network(training):
    reference = plain()
    with as_it_was(network("seg")) as ours:
        copy_by_layer(ours, reference)
        a = ours(given(ours), training=training)["seg"]
        b = reference(BATCH["lab"], training=training)
        assert largest_difference(a, b) < (1e-4 if training else 1e-5)
        layers = [layer for part in PARTS for layer in ours.get_layer(part).layers if layer.weights]
        for layer in layers:
            for weight, other in zip(layer.weights, reference.get_layer(layer.name).weights, strict=True):
                np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-5, err_msg=weight.path)
        assert sum(len(layer.weights) for layer in layers) == len(reference.weights)


def test_gradients_are_those_of_segmentation_models_own_network():
    reference = plain()
    with as_it_was(network("seg")) as ours:
        copy_by_layer(ours, reference)
        encoder, decoder = (ours.get_layer(part) for part in PARTS)
        layers = [(encoder, "conv0"), (decoder, "decoder_stage0a_conv"), (decoder, "final_conv")]
        gradients = []
        for infer, kernels in (
            (
                lambda: ours(given(ours), training=True)["seg"],
                [part.get_layer(name).kernel for part, name in layers],
            ),
            (
                lambda: reference(BATCH["lab"], training=True),
                [reference.get_layer(name).kernel for _, name in layers],
            ),
        ):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(infer() ** 2)
            gradients.append(tape.gradient(loss, [kernel.value for kernel in kernels]))
    *deep, head = [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(*gradients, strict=True)]
    assert head < 1e-5
    assert max(deep) < 0.03  # rounding turns a few ReLUs on or off; float64 is as far from either


def test_a_task_sees_its_own_stream_alone():
    model = network(*TASKS)
    before = model(BATCH, training=False)
    other = model({"lab": BATCH["lab"], "gray": images(2, seed=5)}, training=False)
    np.testing.assert_array_equal(other["seg"], before["seg"])
    np.testing.assert_array_equal(other["depth"], before["depth"])
    assert np.abs(other["color"] - before["color"]).max() > 0
    other = model({"lab": images(2, seed=5), "gray": BATCH["gray"]}, training=False)
    np.testing.assert_array_equal(other["color"], before["color"])
    assert np.abs(other["seg"] - before["seg"]).max() > 0
    assert np.abs(other["depth"] - before["depth"]).max() > 0


def moving_mean_after_one_step(encoder_pass):
    with as_it_was(network(*TASKS, encoder_pass=encoder_pass)) as model:
        moving_mean = model.get_layer("encoder").get_layer("bn_data").moving_mean
        moving_mean.assign(np.zeros(3))
        model(BATCH, training=True)
        return moving_mean.numpy()


def test_two_passes_move_the_statistics_by_each_stream_in_turn():
    lab, gray = (BATCH[stream].mean((0, 1, 2)) for stream in ("lab", "gray"))
    after = moving_mean_after_one_step("two")
    np.testing.assert_allclose(after, 0.99 * 0.01 * lab + 0.01 * gray, rtol=1e-4, atol=1e-7)


def test_a_joint_pass_moves_the_statistics_once_by_both_streams():
    both = np.concatenate([BATCH["lab"], BATCH["gray"]]).mean((0, 1, 2))
    np.testing.assert_allclose(moving_mean_after_one_step("joint"), 0.01 * both, rtol=1e-4, atol=1e-7)


def test_a_joint_pass_infers_what_two_passes_do():
    two, joint = network(*TASKS), network(*TASKS, encoder_pass="joint")
    joint.set_weights(two.get_weights())
    for count in (1, 2, 3):
        batch = {"lab": images(count, seed=1), "gray": images(count, seed=2)}
        a, b = joint(batch, training=False), two(batch, training=False)
        assert set(a) == set(b) == set(TASKS)
        for task in TASKS:
            assert largest_difference(a[task], b[task]) < 1e-5


def test_a_joint_pass_normalizes_both_streams_together_in_training():
    two, joint = (network(*TASKS, encoder_pass=encoder_pass) for encoder_pass in ("two", "joint"))
    batch = {"lab": BATCH["lab"], "gray": BATCH["gray"] * 3 + 2}
    with as_it_was(two), as_it_was(joint):
        joint.set_weights(two.get_weights())
        a, b = joint(batch, training=True), two(batch, training=True)
    for task in TASKS:
        assert largest_difference(a[task], b[task]) > 0.01


@pytest.mark.parametrize("task", TASKS)
def test_the_part_for_a_task_infers_what_the_complete_model_does(task):
    model = network(*TASKS)
    part = only(model, [task])
    assert {layer.name for layer in part.layers} == {*BATCH, "encoder", f"decoder_{task}"}
    assert_equal_outputs(part(BATCH), {task: model(BATCH)[task]})


@pytest.mark.parametrize("tasks", [("seg",), ("color",)])
def test_with_one_stream_a_joint_pass_is_the_only_pass(tasks):
    joint = build_multitask_unet(tasks, encoder_pass="joint")
    assert {layer.name for layer in joint.layers} == {layer.name for layer in network(*tasks).layers}


def test_an_embedding_is_one_convolution_on_lightness():
    model = network("seg", "color", color_input="embed1x1")
    (embedding,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert embedding.name == "embedding"
    assert embedding.kernel.shape == (1, 1, 1, 3)
    assert model.count_params() == network("seg", "color").count_params() + 3 + 3
    logits = model(BATCH, training=False)
    only_l = BATCH["gray"] * (1, 0, 0) + (0, 7, -7)
    of_l = model({"lab": BATCH["lab"], "gray": only_l.astype("float32")}, training=False)
    np.testing.assert_array_equal(of_l["color"], logits["color"])
    kernel, bias = embedding.get_weights()
    embedded = BATCH["gray"][..., :1] * kernel[0, 0, 0] + bias
    with as_it_was(network("seg", "color")) as repeat:
        for part in ("encoder", "decoder_seg", "decoder_color"):
            repeat.get_layer(part).set_weights(model.get_layer(part).get_weights())
        expected = repeat({"lab": BATCH["lab"], "gray": embedded}, training=False)
    np.testing.assert_array_equal(logits["seg"], expected["seg"])
    assert largest_difference(logits["color"], expected["color"]) < 1e-5


def test_without_color_there_is_no_embedding():
    model = build_multitask_unet(["seg"], color_input="embed1x1")
    assert [layer.name for layer in model.layers] == [layer.name for layer in network("seg").layers]


@pytest.mark.parametrize(
    ("tasks", "options", "message"),
    [
        (["seg", "normals"], {}, "seg.*color.*depth"),
        ([], {}, "seg.*color.*depth"),
        ("seg", {}, "tasks are some of"),
        (["seg"], {"color_input": "twice"}, "twice"),
        (["seg"], {"encoder_pass": "three"}, "three"),
    ],
    ids=str,
)
def test_what_there_is_not_is_refused(tasks, options, message):
    with pytest.raises(ValueError, match=message):
        build_multitask_unet(tasks, **options)


@pytest.mark.parametrize("tasks", [("color",), ("seg",), ("seg", "depth")])
@pytest.mark.parametrize("training", [False, True])
def test_images_that_no_task_needs_are_passed_over(tasks, training):
    batch = {"labels": np.zeros((2, HEIGHT, WIDTH), "int32"), **BATCH}
    with as_it_was(network(*tasks)) as model:
        assert_equal_outputs(model(batch, training=training), model(given(model), training=training))


def test_a_missing_image_is_an_error():
    with pytest.raises(ValueError, match="gray"):
        network("seg", "color")({"lab": BATCH["lab"]})


OPTIONS = [{}, {"color_input": "embed1x1", "encoder_pass": "joint"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_saved_model_is_read_back_to_the_bit(options, tmp_path):
    model = network("seg", "color", **options)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert_equal_outputs(loaded(BATCH, training=False), model(BATCH, training=False))
    assert_equal_outputs(
        loaded({"more": BATCH["lab"], **BATCH}, training=False), model(BATCH, training=False)
    )


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_checkpoint_fits_a_model_whose_layers_were_named_later(options, tmp_path):
    model, other = network("seg", "color", **options), build_multitask_unet(("seg", "color"), **options)
    names = [[layer.name for layer in m.get_layer("encoder").layers] for m in (model, other)]
    assert names[0] != names[1]
    path = tf.train.Checkpoint(model=model).write(str(tmp_path / "state"))
    tf.train.Checkpoint(model=other).read(path).assert_consumed()
    assert_all_equal(model.get_weights(), other.get_weights())
    assert_equal_outputs(other(BATCH, training=False), model(BATCH, training=False))


def test_the_encoder_ends_in_five_feature_maps_deepest_first():
    shapes = [tuple(feature.shape) for feature in build_encoder()(images(1))]
    assert shapes == [
        (1, HEIGHT // stride, WIDTH // stride, channels)
        for stride, channels in ((32, 512), (16, 256), (8, 128), (4, 64), (2, 64))
    ]


def test_in_mixed_precision_weights_stay_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_multitask_unet(("seg", "color"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert {v.dtype for v in model.variables} == {"float32"}
    reference = network("seg", "color")
    model.set_weights(reference.get_weights())
    logits, exact = model(BATCH, training=False), reference(BATCH, training=False)
    for task, value in logits.items():
        assert 0 < largest_difference(tf.cast(value, "float32"), exact[task]) < 0.1
