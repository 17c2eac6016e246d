import itertools
import json

import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.finished.inference import (
    AGREEMENTS,
    RATIOS,
    build_networks,
    compare_logits,
    count_flops,
    measure_inference,
    strict_float32,
    time_in_turns,
)
from tests.models import images, largest_difference

NETWORK = "real"

SIZE = WIDTH, HEIGHT = 64, 32
CHANNELS = {"seg": 19, "color": 36, "depth": 1}

# Stride of the output, side of the kernel, channels in and out, from the architecture, not from the layers.
ENCODER = [(2, 7, 3, 64)]
for stride, before, channels in ((4, 64, 64), (8, 64, 128), (16, 128, 256), (32, 256, 512)):
    ENCODER += [(stride, 1, before, channels), (stride, 3, before, channels)]
    ENCODER += [(stride, 3, channels, channels)] * 3
DECODER = []
for stride, below, skip, channels in (
    (16, 512, 256, 256),
    (8, 256, 128, 128),
    (4, 128, 64, 64),
    (2, 64, 64, 32),
    (1, 32, 0, 16),
):
    DECODER += [(stride, 3, below + skip, channels), (stride, 3, channels, channels)]


def multiply_adds(convolutions, width, height):
    return sum(
        width // stride * (height // stride) * kernel**2 * before * after
        for stride, kernel, before, after in convolutions
    )


def decoder(task):
    return [*DECODER, (1, 3, 16, CHANNELS[task])]


@pytest.fixture(scope="module")
def result():
    return measure_inference(SIZE, rounds=2, seed=3)


@pytest.fixture(scope="module")
def networks():
    return build_networks(seed=3)


def test_the_result_is_plain_data(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert (result["size"], result["batch"], result["rounds"], result["seed"]) == ([64, 32], 1, 2, 3)
    assert result["machine"]["cores"] >= 1 and result["machine"]["cpu"]
    assert {"python", "tensorflow", "keras", "segmentation-models"} <= set(result["versions"])


def test_parameters_are_those_of_the_plain_network(result):
    entries = result["entries"]
    for name in ("exported", "plain_same_layers", "plain"):
        assert (entries[name]["parameters"], entries[name]["trainable"]) == (14_343_180, 14_333_254)
    assert entries["whole"]["parameters"] == 20_655_617


def test_the_convolutions_counted_by_hand_are_those_of_the_paper_size():
    assert multiply_adds(ENCODER, 1024, 512) == pytest.approx(19.1e9, rel=1e-3)
    assert multiply_adds(decoder("seg"), 1024, 512) == pytest.approx(25.6e9, rel=1e-3)


@pytest.mark.parametrize("name", ["exported", "plain_same_layers", "plain", "whole"])
def test_convolutions_are_those_counted_by_hand(result, name):
    tasks, streams = (("seg",), 1) if name != "whole" else (CHANNELS, 2)
    expected = streams * multiply_adds(ENCODER, *SIZE)
    expected += sum(multiply_adds(decoder(task), *SIZE) for task in tasks)
    entry = result["entries"][name]
    assert entry["convolution_flops"] == entry["flops_by_op"]["Conv2D"] == 2 * expected
    assert entry["flops"] == sum(entry["flops_by_op"].values())
    assert expected * 2 < entry["flops"] < expected * 2.02


def test_the_export_has_the_operations_of_the_plain_network(result):
    entries = result["entries"]
    assert entries["exported"]["flops_by_op"] == entries["plain_same_layers"]["flops_by_op"]


def test_only_keras_own_normalization_is_counted(result):
    """The report says so: the fused op has no count."""
    counts = {name: entry["flops_by_op"] for name, entry in result["entries"].items()}
    assert not any("FusedBatchNorm" in kind for kinds in counts.values() for kind in kinds)
    assert "Rsqrt" in counts["plain"] and "Rsqrt" not in counts["exported"]
    assert result["entries"]["plain"]["flops"] > result["entries"]["exported"]["flops"]


def test_a_multiply_add_is_two_operations():
    spec = tf.TensorSpec((2, 3))
    level = tf.get_logger().level
    product = tf.function(lambda a: tf.matmul(a, tf.ones((3, 5)))).get_concrete_function(spec)
    assert count_flops(product) == {"MatMul": 2 * 2 * 3 * 5}
    assert tf.get_logger().level == level


def test_ratios_are_of_the_same_round(result):
    seconds = {name: entry["seconds"] for name, entry in result["entries"].items()}
    assert [(ratio["of"], ratio["to"]) for ratio in result["ratios"]] == list(RATIOS)
    for ratio in result["ratios"]:
        of, to = seconds[ratio["of"]]["by_round"], seconds[ratio["to"]]["by_round"]
        assert ratio["by_round"] == [of[0] / to[0], of[1] / to[1]]
    for spread in (*seconds.values(), *result["ratios"]):
        assert len(spread["by_round"]) == 2
        assert spread["min"] == min(spread["by_round"]) > 0
        assert spread["max"] == max(spread["by_round"])
        assert spread["median"] == pytest.approx(sum(spread["by_round"]) / 2)


def test_each_call_is_timed_once_a_round_and_follows_different_ones():
    now, called = [0], []

    def call(name, seconds):
        called.append(name)
        now[0] += seconds + len(called) // 4  # the machine grows slower

    calls = {name: lambda n=name, s=s: call(n, s) for s, name in enumerate("abcd", start=1)}
    seconds = time_in_turns(calls, 8, clock=lambda: now[0])
    turns = [called[start : start + 4] for start in range(0, 32, 4)]
    assert all(sorted(turn) == list("abcd") for turn in turns)
    assert len({tuple(turn) for turn in turns}) == 8
    for s, name in enumerate("abcd", start=1):
        expected = [s + (called.index(name, 4 * turn) + 1) // 4 for turn in range(8)]
        assert seconds[name] == expected
    followed = {name: {a for a, b in itertools.pairwise(called) if b == name} for name in "abcd"}
    assert all(len(before) > 1 for before in followed.values())


def test_the_export_equals_the_head_of_the_whole_and_the_plain_network(result):
    agreement = {(each["of"], each["to"]): each for each in result["agreement"]}
    assert list(agreement) == list(AGREEMENTS)
    assert agreement["exported", "whole"] == {
        "of": "exported", "to": "whole", "equal": True, "largest_difference": 0.0, "same_class": 1.0
    }  # fmt: skip
    for name in ("plain_same_layers", "plain"):
        assert agreement["exported", name]["largest_difference"] < 1e-5
        assert agreement["exported", name]["same_class"] > 0.999


def test_all_networks_have_the_weights_of_the_whole(networks):
    lab = images(1, seed=1)
    logits = networks["whole"]({"lab": lab, "gray": images(1, seed=2)}, training=False)["seg"]
    for name in ("exported", "plain_same_layers", "plain"):
        assert largest_difference(networks[name](lab, training=False), logits) < 1e-5
    norms = {
        name: {type(layer).__name__ for layer in networks[name].layers}
        for name in ("plain", "plain_same_layers")
    }
    assert "BatchNormalization" in norms["plain"] - norms["plain_same_layers"]
    assert "FusedBatchNormalization" in norms["plain_same_layers"] - norms["plain"]


def test_random_weights_give_many_classes(networks):
    """Where one class wins everywhere, equal classes would say nothing."""
    classes = np.argmax(networks["exported"](images(1, seed=1), training=False), -1)
    assert np.bincount(classes.ravel()).max() < 0.5 * classes.size


def test_logits_are_compared_to_the_bit_in_range_and_in_class():
    reference = np.array([[0, 4], [3, 1], [1, 2], [0, 1]], "float32").reshape(1, 2, 2, 2)
    assert compare_logits(reference.copy(), reference) == {
        "equal": True, "largest_difference": 0.0, "same_class": 1.0
    }  # fmt: skip
    logits = reference.copy()
    logits[0, 0, 1] = 1, 1.5  # off by 2 of a range of 4, and another class, in one of four pixels
    found = compare_logits(logits, reference)
    assert found == {"equal": False, "largest_difference": 0.5, "same_class": 0.75}
    logits = reference.copy()
    logits[0, 0, 0, 1] = np.nextafter(np.float32(4), np.float32(5))
    found = compare_logits(logits, reference)
    assert not found["equal"] and 0 < found["largest_difference"] < 1e-6 and found["same_class"] == 1


@pytest.mark.parametrize(
    ("size", "rounds", "message"),
    [((100, 64), 1, "100x64.*32"), ((64, 0), 1, "64x0"), ((-32, 32), 1, "-32x32"), ((64, 32), 0, "0 rounds")],
    ids=str,
)
def test_what_cannot_be_measured_is_refused(size, rounds, message):
    with pytest.raises(InputError, match=message):
        measure_inference(size, rounds)


@pytest.mark.parametrize("before", [True, False])
def test_the_precision_is_put_back(before):
    kept = tf.config.experimental.tensor_float_32_execution_enabled()
    try:
        tf.config.experimental.enable_tensor_float_32_execution(before)
        with strict_float32():
            assert not tf.config.experimental.tensor_float_32_execution_enabled()
        assert tf.config.experimental.tensor_float_32_execution_enabled() == before
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(kept)
