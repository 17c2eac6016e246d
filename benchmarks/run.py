"""The run that is measured, set up as every run, and the images of comparisons."""

import dataclasses

import numpy as np

from benchmarks.reference_frame import MEAN, STD
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments.datasets.source import Source

SEED = 0
TASKS = {"SS": ("seg",), "SS+C+D": ("seg", "color", "depth")}


def scenes(settings):
    """Embedded street scenes in the layout of Cityscapes, twice ``settings.size``; they are reused."""
    size, count = (2 * settings.size[0], 2 * settings.size[1]), settings.amount(8, 2)
    root = settings.data / f"scenes-{size[0]}x{size[1]}"
    write_cityscapes(root, {"train": count, "val": count}, size=size, seed=SEED)
    return Source(CITYSCAPES, root)


def start_tensorflow():
    """Import TensorFlow and set its seeds and switches as `experiments.execute` does."""
    from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow

    import_tensorflow()
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return tf


def make_run(settings, tasks, precision="float32", weighting="GS"):
    """A run from random weights with deterministic ops."""
    start_tensorflow().config.experimental.enable_op_determinism()
    from selfsup_segmentation.experiments import catalog
    from selfsup_segmentation.experiments.readings import Readings

    weighting, readings = weighting if len(tasks) > 1 else "none", Readings(precision=precision)
    run = catalog.make_run("scenes-demo", tasks, weighting, "random", SEED, readings)
    schedule = dataclasses.replace(run.schedule, size=settings.size, batch_size=settings.batch)
    return dataclasses.replace(run, schedule=schedule)


def make_step(run):
    """``(model, step, progress)``: the compiled training step of `experiments.training.loop`."""
    from selfsup_segmentation.experiments.training.network import build_model
    from selfsup_segmentation.experiments.training.objective import Objective
    from selfsup_segmentation.experiments.training.optimizer import Adam
    from selfsup_segmentation.experiments.training.state import Progress
    from selfsup_segmentation.experiments.training.step import make_train_step
    from selfsup_segmentation.experiments.weightings import make_weighting
    from selfsup_segmentation.models.initialization import initialize_randomly

    model, weighting = build_model(run), make_weighting(run)
    initialize_randomly(model, SEED, run.readings.decoder_init)
    objective = Objective(run.tasks, run.readings, statistics())
    progress = Progress([*(f"loss_{task}" for task in objective.tasks), "loss"])
    optimizer = Adam(run.schedule.learning_rate)
    return model, make_train_step(model, weighting, optimizer, objective, progress), progress


def statistics():
    """Color statistics in place of those of the training images."""
    from selfsup_segmentation.data.color import ColorBins, ColorStatistics

    return ColorStatistics(MEAN, STD, ((1,) * ColorBins.CLASSES,))


def draw_images(settings):
    """Random uint8 ``left``, ``right`` ``[B, H, W, 3]`` and ``labels`` ``[B, H, W]``, one in twenty 255."""
    draw, shape = np.random.default_rng(SEED), (settings.batch, *settings.size[::-1])
    images = {part: draw.integers(0, 256, (*shape, 3), dtype=np.uint8) for part in ("left", "right")}
    labels = draw.integers(0, 19, shape, dtype=np.uint8)
    return images | {"labels": np.where(draw.random(shape) < 0.05, np.uint8(255), labels)}


def draw_batch(settings, tasks):
    """A prepared batch of `draw_images`, dict of tensors."""
    import tensorflow as tf

    from selfsup_segmentation.data.pipeline import Preparation
    from selfsup_segmentation.experiments.tasks import named

    images = draw_images(settings) | {"valid_size": np.int32([settings.size] * settings.batch)}
    prepare = tf.function(Preparation(named(tasks), statistics()))
    return prepare({name: tf.constant(values) for name, values in images.items()})
