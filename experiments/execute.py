"""One run, top to bottom: open the data, build the network, train, evaluate, write its metrics.json."""

import dataclasses
import math
import time

import keras
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.pipeline import training_batches
from selfsup_segmentation.experiments import preemption
from selfsup_segmentation.experiments.datasets.library import RunData
from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator
from selfsup_segmentation.experiments.monitoring.tensorboard import Predictions, write_hparams
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.checkpoint import Checkpoints
from selfsup_segmentation.experiments.records.description import describe, now
from selfsup_segmentation.experiments.records.disk import full_disk_is_an_oserror
from selfsup_segmentation.experiments.records.history import read_history
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.lock import only_one
from selfsup_segmentation.experiments.records.results import Results, headline, headline_names
from selfsup_segmentation.experiments.tasks import by_stream
from selfsup_segmentation.experiments.training.divergence import DivergedError
from selfsup_segmentation.experiments.training.loop import Training
from selfsup_segmentation.experiments.training.network import (
    Unavailable,
    build_model,
    inherited_colors,
    initialize,
    source_state,
    write_colors,
)
from selfsup_segmentation.experiments.training.objective import Objective
from selfsup_segmentation.experiments.training.strategy import strategy_of
from selfsup_segmentation.experiments.weightings import make_weighting
from selfsup_segmentation.models.multitask import encoder_input
from selfsup_segmentation.models.normalization import save_statistics, statistics_estimator
from selfsup_segmentation.weighting import TaskWeighting

STATISTICS_PASSES = 10  # more passes over a small training set teach the statistics nothing


def execute(run, store, library, options):
    """Train and evaluate a run, unless it is finished.

    Args:
        run: `experiments.run.Run`.
        store: `experiments.records.store.Store`.
        library: `experiments.datasets.library.Library` of the run's data.
        options: `experiments.options.Options`.

    Returns:
        `experiments.records.results.Results`; None when the run has no result (`Store.failure` says why).

    Raises:
        BusyError: another process is training it.
        Stopped: the process was asked to stop; the same call resumes.
        InputError: the run's folder was begun with other data.
    """
    with only_one(store.folder(run)), preemption.listening():
        return store.metrics(run) or _execute(run, store, library, options)


def _execute(run, store, library, options):
    started, folder = time.monotonic(), store.folder(run)
    try:
        ready = set_up(run, store, library, options)
        described = describe(run, library, ready.data, source_state(run, store), store.description(run))
        write_json(folder / "run.json", described)
        write_colors(folder, ready.data.statistics)
        (folder / "failure.json").unlink(missing_ok=True)
        evaluator = Evaluator(ready.model, run, ready.data, library.source.layout)
        with full_disk_is_an_oserror(folder):
            digest = ready.training.to_the_end(_validation(run, evaluator, folder, options))
            metrics = measure(run, ready.model, ready.data, evaluator, folder)
            if options.tensorboard:
                write_hparams(run, metrics.headline, folder)
    except DivergedError as reason:
        store.write_failure(run, str(reason), **reason.details)
        return None
    except Unavailable as reason:
        store.write_failure(run, str(reason))
        return None
    except tf.errors.ResourceExhaustedError as error:
        reason = f"out of memory on the device: {error.message.splitlines()[0]}"
        store.write_failure(run, reason)
        return None
    seconds = round(time.monotonic() - started, 1)
    metrics = dataclasses.replace(metrics, state_sha256=digest, session_seconds=seconds)
    state = Checkpoints(folder / "checkpoint", model=ready.model, weighting=ready.weighting)
    state.save_as("final")  # weights alone: two thirds of a resumable state are Adam's moments
    metrics.write(folder)
    state.remove_all()
    return metrics


@dataclasses.dataclass(frozen=True)
class Ready:
    """A run that is ready to be trained.

    Attributes:
        data: `experiments.datasets.library.RunData`.
        model: ``keras.Model`` with its initial weights; trained in place, as is the weighting.
        weighting: `weighting.TaskWeighting` of the run's tasks.
        objective: `experiments.training.objective.Objective`.
        training: `experiments.training.loop.Training` of all of these.
    """

    data: RunData
    model: keras.Model
    weighting: TaskWeighting
    objective: Objective
    training: Training


def set_up(run, store, library, options):
    """Open the data, build and initialize the network; nothing is written.

    Args:
        run, store, library, options: see `execute`.

    Returns:
        `Ready`.

    Raises:
        InputError: the run's folder was begun with other data, or the machine has too few devices.
        Unavailable: what the run is initialized from has no result.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(run.seed)
    if not run.readings.jit:  # XLA has no deterministic gradient of the maximum pooling
        tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(run.readings.tf32)
    strategy = strategy_of(run)
    check_same_data(run, store, library)
    data = library.prepare(run, inherited_colors(run, store))
    with strategy.scope():
        model, weighting = build_model(run), make_weighting(run)
    initialize(model, weighting, run, store, options)
    objective = Objective(run.tasks, run.readings, data.statistics)
    training = Training(run, model, weighting, objective, data, store.folder(run), options, strategy)
    return Ready(data, model, weighting, objective, training)


def _validation(run, evaluator, folder, options):
    """Function of the number of epochs done that returns the validation's columns of history.csv."""
    show, every = Predictions(evaluator, folder), run.schedule.validate_every

    def validate(epochs_done):
        if every and epochs_done % every == 0:
            if options.tensorboard:
                show(epochs_done)
            numbers = headline({"shared": evaluator()}, Readings(encoder_bn_eval="shared"))
        else:  # history.csv has the same columns in every epoch
            numbers = dict.fromkeys(headline_names(run.tasks), math.nan)
        return {f"val_{name}": value for name, value in numbers.items()}

    return validate


def check_same_data(run, store, library):
    """Raise `InputError` when a run that was begun, or is finished, saw other data than the library's."""
    described = store.description(run)
    if described and described["data"]["fingerprint"] != library.fingerprint(run):
        raise InputError(
            f"{store.finished_folder(run)} was made with other data (then at "
            f"{described['data']['root']}, now {library.source.root}); name another --runs folder, or "
            "remove that run."
        )


def measure(run, model, data, evaluator, folder):
    """Evaluate twice: with statistics estimated for each input stream, and with the shared moving ones."""
    statistics = estimate_by_stream(run, model, data)
    save_statistics(folder / "statistics.npz", statistics)
    evaluations = {"per_input": evaluator(statistics), "shared": evaluator()}
    history = read_history(folder / "history.csv")
    validated = [row["val_sem_miou"] for row in history if row.get("val_sem_miou", math.nan) >= 0]
    return Results(
        evaluations,
        headline=headline(evaluations, Readings()),
        run=run.to_dict(),
        best_validation_miou=max(validated, default=None),
        history=history,
        finished=now(),
    )


def estimate_by_stream(run, model, data):
    """BatchNorm statistics of the encoder for each input stream, from training batches (docs/FIDELITY.md)."""
    schedule, statistics = run.schedule, {}
    batches = training_batches(data.train, data.preparation, schedule.batch_size, run.seed, STATISTICS_PASSES)
    streams = list(by_stream(run.tasks))
    # A joint pass was trained with the statistics of both streams at once.
    groups = [streams] if run.readings.encoder_pass == "joint" else [[stream] for stream in streams]
    estimate = statistics_estimator(model.get_layer("encoder"))
    for group in groups:
        seen = (encoder_input(model, group, batch) for batch in batches.take(schedule.statistics_batches))
        statistics |= dict.fromkeys(group, estimate(seen))
    return statistics
