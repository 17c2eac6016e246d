"""One run, top to bottom: open the data, build the network, train, evaluate, write its metrics.json."""

import dataclasses
import time

import keras
import tensorflow as tf

from selfsup_segmentation.experiments import preemption
from selfsup_segmentation.experiments.datasets.library import RunData
from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator
from selfsup_segmentation.experiments.evaluation.measure import measure, validation
from selfsup_segmentation.experiments.monitoring.tensorboard import write_hparams
from selfsup_segmentation.experiments.records.checkpoint import Checkpoints, system_errors
from selfsup_segmentation.experiments.records.description import describe
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.lock import only_one
from selfsup_segmentation.experiments.training import network
from selfsup_segmentation.experiments.training.divergence import DivergedError
from selfsup_segmentation.experiments.training.loop import Training
from selfsup_segmentation.experiments.training.objective import Objective
from selfsup_segmentation.experiments.training.strategy import strategy_of
from selfsup_segmentation.experiments.weightings import make_weighting
from selfsup_segmentation.weighting import GradientWeighting, TaskWeighting


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
    with only_one(store.folder(run), options.warn), preemption.listening():
        return store.metrics(run) or _execute(run, store, library, options)


def _execute(run, store, library, options):
    started, folder = time.monotonic(), store.folder(run)
    try:
        ready = set_up(run, store, library, options)
        source = network.source_state(run, store)
        described = describe(run, library, ready.data, source, store.description(run))
        write_json(folder / "run.json", described)
        network.write_colors(folder, ready.data.statistics)
        (folder / "failure.json").unlink(missing_ok=True)
        evaluator = Evaluator(ready.model, run, ready.data, library.source.layout)
        with system_errors(folder):
            digest = ready.training.to_the_end(validation(evaluator, folder, options.tensorboard))
            metrics = measure(evaluator, folder)
            if options.tensorboard:
                write_hparams(run, metrics.headline, folder)
    except DivergedError as reason:
        store.write_failure(run, str(reason), **reason.details)
        return None
    except network.Unavailable as reason:
        store.write_failure(run, str(reason))
        return None
    except tf.errors.ResourceExhaustedError as error:
        store.write_failure(run, f"out of memory on the device: {error.message.splitlines()[0]}")
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
        weighting: `weighting.TaskWeighting` or `weighting.GradientWeighting` of the run's tasks.
        objective: `experiments.training.objective.Objective`.
        training: `experiments.training.loop.Training` of all of these.
    """

    data: RunData
    model: keras.Model
    weighting: TaskWeighting | GradientWeighting
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
    if run.readings.deterministic and not run.readings.jit:  # XLA: no deterministic gradient of max pooling
        tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(run.readings.tf32)
    strategy = strategy_of(run)
    library.check_same_data(run, store)
    data = library.prepare(run, network.inherited_colors(run, store))
    with strategy.scope():
        model, weighting = network.build_model(run), make_weighting(run)
    network.initialize(model, weighting, run, store, options)
    objective = Objective(run.tasks, run.readings, data.statistics)
    training = Training(run, model, weighting, objective, data, store.folder(run), options, strategy)
    return Ready(data, model, weighting, objective, training)
