"""The task of a Ray worker: one run in its own process; independent of Ray itself."""

import dataclasses
import os
import signal
import socket
import threading
from pathlib import Path

from selfsup_segmentation.data import keras_settings
from selfsup_segmentation.data.errors import PASSING, InputError, system_fault
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.preemption import Stopped, stopping_at_once
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run

LOG = "ray.log"  # in the run directory: output of its processes
_THREADS = "OMP_NUM_THREADS"  # Ray sets it to the CPUs of a task; a run computes as it would without Ray


@dataclasses.dataclass(frozen=True)
class Job:
    """Paths of runs, data and decoded images, equal on every node of the cluster.

    Attributes:
        roots: runs folders, that of the results first, see `experiments.records.store.Store`.
        data: dict of data set name to (source, folder of decoded images or None for memory).
        options: `experiments.options.Options`.
        threads: ``OMP_NUM_THREADS`` of the process that the user started.
    """

    roots: tuple[Path, ...]
    data: dict[str, tuple[Source, Path | None]]
    options: Options
    threads: str | None

    @classmethod
    def of(cls, store, libraries, options):
        """The job of a process with this store, these libraries and options."""
        data = {
            label: (
                dataclasses.replace(library.source, root=library.source.root.absolute()),
                library.folder and library.folder.absolute(),
            )
            for label, library in libraries.items()
        }
        roots = tuple(root.absolute() for root in (store.root, *store.also))
        return cls(roots, data, dataclasses.replace(options, progress="lines"), os.environ.get(_THREADS))

    def store(self):
        """The `Store` of the runs."""
        return Store(self.roots[0], self.roots[1:])


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Outcome of a run.

    Attributes:
        message: outcome; None while another process holds the run, or the run that it depends on.
        warnings: sentences about problems that were worked around.
        error: problem that the user has to fix before this run, and others, can be executed, or empty.
    """

    message: str | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""


class AskedToStop(Exception):
    """The worker was asked to end, as when its node is preempted; the run's state is saved."""


def execute_task(job: Job, run: Run, needed: Outcome | None = None) -> Outcome:
    """Execute a run from its newest checkpoint.

    Args:
        job: `Job` of the process that the user started.
        run: the run.
        needed: outcome of the run that this one depends on, which has therefore ended.

    Raises:
        AskedToStop: by SIGTERM or a cancelled task.
        OSError: a disk or a file system did not answer; another try may succeed.
    """
    if needed is not None and needed.message is None:
        return Outcome()
    _print_to(job.store().folder(run) / LOG)
    # Ray cancels a task by SIGINT, which a shell ignores for background jobs and all that they start.
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop(_THREADS, None)
    if job.threads is not None:
        os.environ[_THREADS] = job.threads
    warnings = []
    try:
        with stopping_at_once():
            return Outcome(_advance(job, run, warnings), tuple(warnings))
    except InputError as error:
        return Outcome(error=f"{str(error).rstrip('.')} (on {socket.gethostname()}).")
    except OSError as error:
        sentence = system_fault(error, job.store().folder(run))
        if sentence is None or error.errno in PASSING:
            raise
        return Outcome(error=f"{sentence} (on {socket.gethostname()}).")
    except Stopped as stopped:  # which a pickle does not bring back
        raise AskedToStop(str(stopped)) from stopped


def _advance(job, run, warnings):
    keras_settings.adopt()
    import tensorflow as tf

    from selfsup_segmentation.experiments.datasets.library import Library
    from selfsup_segmentation.experiments.executors.common import advance

    for gpu in tf.config.list_physical_devices("GPU"):  # Ray shows those of this task alone
        tf.config.experimental.set_memory_growth(gpu, True)  # a fraction of a GPU is shared with others

    def warn(sentence):
        warnings.append(sentence)
        job.options.warn(sentence)

    source, folder = job.data[run.dataset]
    library = Library(source, folder)
    library.prepare(run)  # on a disk of the node's own, the first run there decodes
    return advance(run, job.store(), library, dataclasses.replace(job.options, warn=warn))


def _print_to(path):
    """Standard output and error of this process go to a file, also what TensorFlow's C++ prints."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.close(file)
