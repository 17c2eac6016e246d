"""Network of a run: building, initialization (section 4.2), loading trained weights."""

import functools
from pathlib import Path

import keras
import tensorflow as tf

from selfsup_segmentation.data.color import ColorStatistics
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.records.json_files import write_text
from selfsup_segmentation.experiments.records.store import without_pattern
from selfsup_segmentation.experiments.tasks import named
from selfsup_segmentation.experiments.training.strategy import precision
from selfsup_segmentation.models import initialization
from selfsup_segmentation.models.multitask import build_multitask_unet
from selfsup_segmentation.models.normalization import batch_norm_layers

COLORS = "colors.json"


class Unavailable(RuntimeError):
    """A run cannot be executed, for a reason that belongs into its table cell."""


def build_model(run):
    """The network of a run, with segmentation-models' own initialization."""
    heads = {task.name: task.head for task in named(run.tasks)}
    with precision(run.readings.precision):
        model = build_multitask_unet(
            heads, run.readings.color_input, run.readings.encoder_pass, run.readings.backbone
        )
    if run.readings.replicas > 1 and run.readings.batch_norm == "synchronized":
        for part in (layer for layer in model.layers if isinstance(layer, keras.Model)):
            for layer in batch_norm_layers(part):
                layer.synchronized = True
    return model


def initialize(model, weighting, run, store, options):
    """Initialize network and weighting of a run (section 4.2).

    Raises:
        Unavailable: no ImageNet weights, or the run that this one is initialized from has no result.
    """
    initialization.initialize_randomly(model, run.seed, run.readings.decoder_init)
    folder = source_folder(run, store)
    if folder is not None:
        initialization.copy_parts(load_model(dependency(run), folder), model, _parts_to_load(run))
        if run.start and run.weighting == "UW" and not run.readings.uw_reset:
            _restore(folder, weighting=weighting)
    elif run.init == "ImageNet":
        path, reason = imagenet_weights(options.imagenet_weights, run.readings.backbone)
        if path is None:
            raise Unavailable(reason)
        initialization.load_imagenet(model.get_layer("encoder"), path)


def source_folder(run, store):
    """Run directory of the finished run that initializes a run, or None; raises `Unavailable` without one."""
    source = dependency(run)
    if source is None:
        return None
    if store.metrics(source) is None:
        raise Unavailable(
            f"it is initialized from {source}, which has no result: {store.failure(source) or 'not run'}"
        )
    return store.finished_folder(source)


def source_state(run, store):
    """SHA-256 of the state that a run is initialized from, hexadecimal, or None."""
    source = dependency(run)
    return source and store.metrics(source).state_sha256


def read_colors(folder: Path) -> ColorStatistics | None:
    """Read the colors that standardize a run's input and define its color classes; None without a file."""
    path = folder / COLORS
    try:
        return ColorStatistics.from_json(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}); remove {folder} to run it again.") from error


def write_colors(folder: Path, colors: ColorStatistics):
    """Write the colors of a run, which its network needs."""
    write_text(folder / COLORS, colors.to_json())


def inherited_colors(run, store):
    """Colors of the run that initializes a run, with ``color_stats=cityscapes``; else None.

    Raises:
        Unavailable: that run has no result, or left no colors.
    """
    if run.readings.color_stats == "dataset":
        return None
    colors = read_colors(source_folder(run, store))
    if colors is None:
        raise Unavailable(f"color_stats={run.readings.color_stats}: {dependency(run)} left no {COLORS}")
    return colors


def _parts_to_load(run):
    """Names of the sub-models that a run loads from the run that it is initialized from."""
    encoder, decoders = {"encoder", "embedding"}, {f"decoder_{task}" for task in run.tasks}
    all_parts = run.readings.kitti_load == "model" if run.start else run.readings.coarse_load != "encoder"
    return encoder | decoders if all_parts else encoder


@functools.cache
def imagenet_weights(option, backbone):
    """Cached `models.initialization.find_imagenet_weights`: a failing download takes long."""
    return initialization.find_imagenet_weights(option, backbone)


def load_model(run, folder):
    """The network of a finished run with its trained weights."""
    model = build_model(run)
    _restore(folder, model=model)
    return model


def _restore(folder, **tracked):
    """Read some of the objects of a finished run's state."""
    state = folder / "checkpoint" / "final"
    try:
        with without_pattern(state) as final:
            status = tf.train.Checkpoint(**tracked).read(str(final / "state"))
            status.assert_existing_objects_matched().expect_partial()
    except Exception as error:  # TensorFlow reports damage in many ways, not all of them documented
        reason = str(error).split("\n")[0]
        raise InputError(
            f"{state} does not hold the weights of this run, or is damaged ({reason}); remove {folder} to "
            "run it again."
        ) from error
