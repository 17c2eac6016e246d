"""What the exported segmentation network costs at inference, beside segmentation-models' own U-Net."""

import contextlib
import datetime
import functools
import math
import platform
import statistics
import timeit
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.models import build_multitask_unet, segmentation_only
from selfsup_segmentation.models.encoder import unet
from selfsup_segmentation.models.initialization import initialize_randomly
from selfsup_segmentation.models.normalization import batch_norm_layers

PACKAGES = ("tensorflow", "keras", "segmentation-models", "numpy")
TASKS = ("seg", "color", "depth")
RATIOS = (("exported", "plain_same_layers"), ("exported", "plain"), ("whole", "exported"))
AGREEMENTS = (("exported", "whole"), ("exported", "plain_same_layers"), ("exported", "plain"))
WARM_UP = 2  # rounds that are not recorded


def measure_inference(size=(1024, 512), rounds=10, seed=0):
    """Parameters, FLOPs, time and outputs of one forward pass, batch 1, of four networks in one process.

    ``exported`` is cut out of ``whole``, the model of all three tasks. ``plain`` is segmentation-models' own
    U-Net on Keras' layers, whose BatchNormalization and UpSampling2D take more ops than ours, so
    ``plain_same_layers``, the same U-Net with our layers, is what tells the cost of the other tasks alone.
    All have the same weights, drawn at random, and see the same random input.

    Args:
        size: width and height in pixels, multiples of 32.
        rounds: times that each network is timed, all in turns.
        seed: of weights and input.

    Returns:
        Plain data. ``date``, ``machine``, ``versions``, ``size``, ``batch``, ``rounds``, ``seed``;
        ``entries[name]`` with ``parameters``, ``trainable``, ``flops`` (of one pass, a multiply-add is 2),
        ``convolution_flops``, ``flops_by_op`` and ``seconds``; ``ratios``: seconds ``of`` one entry over
        those ``to`` another in the same round; ``agreement``: logits ``of`` one entry beside those ``to``
        another, see `compare_logits`. Times and ratios have ``by_round``, ``min``, ``median``, ``max``.

    Raises:
        InputError: the size is no multiple of 32, or there is no round.
    """
    width, height = size
    if min(size) < 32 or width % 32 or height % 32:
        raise InputError(f"size {width}x{height}: give multiples of 32 pixels.")
    if rounds < 1:
        raise InputError(f"{rounds} rounds: give at least 1.")
    started = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    models = build_networks(seed)
    draw = np.random.default_rng(seed)
    batch = {
        name: tf.constant(draw.standard_normal((1, height, width, 3)), tf.float32) for name in ("lab", "gray")
    }
    with strict_float32():
        graphs, calls, logits = {}, {}, {}
        for name, model in models.items():
            inputs = batch if name == "whole" else batch["lab"]
            graphs[name] = _compile(model, inputs)
            calls[name] = functools.partial(_run, graphs[name], inputs)
            outputs = graphs[name](inputs)
            logits[name] = (outputs["seg"] if name == "whole" else outputs).numpy()
        time_in_turns(calls, WARM_UP)
        seconds = time_in_turns(calls, rounds)
    return {
        "date": started,
        "machine": provenance.machine(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "size": [width, height],
        "batch": 1,
        "rounds": rounds,
        "seed": seed,
        "entries": {
            name: _costs(models[name], graphs[name]) | {"seconds": spread(seconds[name])} for name in models
        },
        "ratios": [
            {"of": a, "to": b} | spread([x / y for x, y in zip(seconds[a], seconds[b], strict=True)])
            for a, b in RATIOS
        ],
        "agreement": [{"of": a, "to": b} | compare_logits(logits[a], logits[b]) for a, b in AGREEMENTS],
    }


def build_networks(seed):
    """The four networks by name, with equal random weights; BatchNorm's statistics are drawn as well."""
    import segmentation_models  # after models, which names its framework

    whole = build_multitask_unet(TASKS)
    initialize_randomly(whole, seed)
    draw = np.random.default_rng(seed)
    parts = [layer for layer in whole.layers if isinstance(layer, keras.Model)]
    for layer in (layer for part in parts for layer in batch_norm_layers(part)):
        layer.set_weights([draw.uniform(0.5, 1.5, weight.shape) for weight in layer.weights])
    plain = segmentation_models.Unet("resnet18", classes=19, activation="linear", encoder_weights=None)
    networks = {
        "exported": segmentation_only(whole),
        "plain_same_layers": unet(19),
        "plain": plain,
        "whole": whole,
    }
    logits = networks["exported"](draw.standard_normal((1, 64, 64, 3)).astype("float32"))
    head = whole.get_layer("decoder_seg").get_layer("final_conv")
    head.bias.assign_sub(tf.reduce_mean(logits, (0, 1, 2)))  # else one class wins nearly everywhere
    weighted = [
        layer
        for part in ("encoder", "decoder_seg")
        for layer in whole.get_layer(part).layers
        if layer.weights
    ]
    for name in ("plain_same_layers", "plain"):
        for layer in weighted:
            networks[name].get_layer(layer.name).set_weights(layer.get_weights())
    return networks


def _compile(model, inputs):
    """The graph of one forward pass: what is timed is what is counted."""
    spec = tf.nest.map_structure(tf.TensorSpec.from_tensor, inputs)
    return tf.function(lambda images: model(images, training=False)).get_concrete_function(spec)


def _run(graph, inputs):
    graph(inputs)
    tf.test.experimental.sync_devices()  # a GPU may return before it has computed


def time_in_turns(calls, rounds, clock=timeit.default_timer):
    """Seconds of each call, in rounds of all of them, so that a machine's mood hits all alike.

    The order is rotated from round to round and reversed in every second: none always follows the same one.

    Args:
        calls: functions by name.
        rounds: how often.
        clock: gives seconds.

    Returns:
        Dict of name to list, a number for each round.
    """
    names, seconds = list(calls), {name: [] for name in calls}
    for number in range(rounds):
        first = number // 2 % len(names)
        order = names[first:] + names[:first]
        for name in reversed(order) if number % 2 else order:
            seconds[name].append(timeit.timeit(calls[name], timer=clock, number=1))
    return seconds


def count_flops(graph):
    """Floating-point operations of a concrete function by kind of op, as TensorFlow's profiler counts them.

    A multiply-add is 2. The profiler has no count for ReLU, nor for the fused BatchNormalization.
    """
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")  # the profiler calls what TensorFlow has deprecated
    try:
        node = tf.compat.v1.profiler.profile(graph.graph, options=options, cmd="op")
    finally:
        logger.setLevel(level)
    counts = {}
    while node.children:  # a chain: each kind below the one with more
        node = node.children[0]
        counts[node.name] = node.float_ops
    return counts


def _costs(model, graph):
    counts = count_flops(graph)
    return {
        "parameters": model.count_params(),
        "trainable": sum(math.prod(variable.shape) for variable in model.trainable_variables),
        "flops": sum(counts.values()),
        "convolution_flops": counts["Conv2D"],
        "flops_by_op": counts,
    }


def spread(by_round):
    """All values of a measurement by round, at least one, with the least, the median and the largest."""
    by_round = list(by_round)
    extremes = {"min": min(by_round), "median": statistics.median(by_round), "max": max(by_round)}
    return {"by_round": by_round} | extremes


def compare_logits(logits, reference):
    """How far logits ``[B, H, W, C]`` are from a reference.

    Returns:
        ``equal``: to the bit; ``largest_difference``: relative to the range of the reference;
        ``same_class``: share of the pixels with the same largest logit, 0 to 1.
    """
    difference = np.abs(logits.astype("float64") - reference).max() / np.ptp(reference)
    return {
        "equal": logits.tobytes() == reference.tobytes(),
        "largest_difference": float(difference),
        "same_class": float((logits.argmax(-1) == reference.argmax(-1)).mean()),
    }


@contextlib.contextmanager
def strict_float32():
    """Within this context there is no TensorFloat-32, as in training."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
