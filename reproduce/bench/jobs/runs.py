"""The run that is measured, in the circumstances that `experiments.execute` gives every run."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.color import ColorBins, ColorStatistics
from selfsup_segmentation.data.pipeline import Preparation
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.training.network import build_model
from selfsup_segmentation.experiments.training.objective import Objective
from selfsup_segmentation.experiments.training.optimizer import Adam
from selfsup_segmentation.experiments.training.state import Progress
from selfsup_segmentation.experiments.training.step import make_train_step
from selfsup_segmentation.experiments.weightings import make_weighting
from selfsup_segmentation.models.initialization import initialize_randomly
from selfsup_segmentation.reproduce.bench.jobs.colors import MEAN, STD

SEED = 0
STATISTICS = ColorStatistics(MEAN, STD, ((1,) * ColorBins.CLASSES,))


def make_run(tasks, size, batch, precision="float32"):
    """A run from random weights; several tasks have fixed weights."""
    weighting, readings = "GS" if len(tasks) > 1 else "none", Readings(precision=precision)
    run = catalog.make_run("scenes-demo", tasks, weighting, "random", SEED, readings)
    return dataclasses.replace(
        run, schedule=dataclasses.replace(run.schedule, size=tuple(size), batch_size=batch)
    )


def as_in_a_run():
    """Seeds and switches of TensorFlow as a run sets them."""
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)


def make_step(run, statistics):
    """``(model, step, progress)``: what `experiments.training.loop` steps with."""
    model, weighting = build_model(run), make_weighting(run)
    initialize_randomly(model, SEED, run.readings.decoder_init)
    objective = Objective(run.tasks, run.readings, statistics.class_weights(run.readings.mfb))
    progress = Progress([*(f"loss_{task}" for task in objective.tasks), "loss"])
    optimizer = Adam(run.schedule.learning_rate)
    return model, make_train_step(model, weighting, optimizer, objective, progress), progress


def draw_images(size, batch):
    """Images and labels at random: uint8 ``left``, ``right`` ``[B, H, W, 3]`` and ``labels`` ``[B, H, W]``.

    One label in twenty is 255, as is that of a pixel without a class.
    """
    (width, height), draw = size, np.random.default_rng(SEED)
    images = {
        part: draw.integers(0, 256, (batch, height, width, 3), dtype=np.uint8) for part in ("left", "right")
    }
    labels = draw.integers(0, 19, (batch, height, width), dtype=np.uint8)
    return images | {"labels": np.where(draw.random(labels.shape) < 0.05, np.uint8(255), labels)}


def draw_batch(tasks, size, batch):
    """A prepared batch of `draw_images`, dict of tensors."""
    images = draw_images(size, batch) | {"valid_size": np.int32([size] * batch)}
    prepare = tf.function(Preparation(tuple(tasks), STATISTICS))
    return prepare({name: tf.constant(values) for name, values in images.items()})


def steps_per_call():
    """Steps between two readings of a scalar, which wait for the device: on a GPU they would cost time."""
    return 10 if tf.config.list_physical_devices("GPU") else 1
