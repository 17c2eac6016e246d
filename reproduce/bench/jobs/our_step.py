"""The compiled training step of this project, and the machine's float32 matmul in the same process."""

import math

import tensorflow as tf

from selfsup_segmentation.experiments.finished.inference import count_flops
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step
from selfsup_segmentation.reproduce.bench.jobs.runs import (
    STATISTICS,
    as_in_a_run,
    draw_batch,
    make_run,
    make_step,
    steps_per_call,
)
from selfsup_segmentation.reproduce.bench.measuring import peak_mib, timed
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def prepare(tasks, size, batch, matmul=0, precision="float32"):
    """A step on one batch again and again.

    Args:
        tasks: of the run.
        size: (width, height) in px.
        batch: pairs a step.
        matmul: rows of the square matrices that the call ``matmul`` multiplies; 0 for no such call.
        precision: of the run.
    """
    import_tensorflow()
    as_in_a_run()
    run = make_run(tasks, size, batch, precision)
    model, step, progress = make_step(run, STATISTICS)
    data, times = draw_batch(run.tasks, size, batch), steps_per_call()
    counts = count_flops(_forward(model, data))
    step(data)
    facts = {
        "parameters": model.count_params(),
        "forward_convolution_flops": counts["Conv2D"],
        "forward_flops": sum(counts.values()),
        "planned_step_flops": flop_per_step(run),
        "first_loss": progress.means()["loss"],
        "steps_per_call": times,
    }
    calls = {
        "step": lambda: timed(lambda: step(data), times, progress.sums.numpy),
        "memory": lambda: {"peak_mib": peak_mib()},
    }
    if matmul:
        calls["matmul"] = _matmul(matmul, times)
    return facts, calls


def _forward(model, data):
    """The graph of a forward pass in training, on the batch's very shape."""
    inputs = {name: data[name] for name in model.input}
    specs = tf.nest.map_structure(tf.TensorSpec.from_tensor, inputs)
    return tf.function(lambda images: model(images, training=True)).get_concrete_function(specs)


def _matmul(rows, times):
    # Small entries: a product of products must not overflow. TensorFloat-32 is off, as in the step.
    matrix = tf.random.stateless_normal((rows, rows), (0, 0)) / math.sqrt(rows)
    multiply = tf.function(tf.matmul)
    latest = [matrix]

    def once():
        latest[0] = multiply(matrix, latest[0])

    once()
    return lambda: timed(once, times, lambda: float(latest[0][0, 0]))
