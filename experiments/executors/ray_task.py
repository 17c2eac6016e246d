"""What a worker of a Ray cluster does: one run, in a process of its own. It knows nothing of Ray itself."""

import dataclasses
import errno
import os
import socket
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.preemption import Stopped, stopping_at_once
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run

LOG = "ray.log"  # in a run's folder: what its processes printed
_THREADS = "OMP_NUM_THREADS"  # Ray sets it to the CPUs of a task; a run computes as it would without Ray


@dataclasses.dataclass(frozen=True)
class Job:
    """Where runs, data and decoded images are: paths that every node of the cluster has.

    Attributes:
        roots: runs folders, that of the results first, see `experiments.records.store.Store`.
        data: source and folder of decoded images (None: memory) by the name of the data set.
        options: how runs are carried out.
        threads: ``OMP_NUM_THREADS`` of the process that the user started.
    """

    roots: tuple[Path, ...]
    data: dict[str, tuple[Source, Path | None]]
    options: Options
    threads: str | None

    @classmethod
    def of(cls, store, libraries, options):
        """The job of a process that has these."""
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
        """The runs folder, opened."""
        return Store(self.roots[0], self.roots[1:])


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        what: in words; None while another process has it, or has the one that it goes on from.
        warnings: sentences about what was mended.
        to_mend: what keeps this run, and others, from being carried out at all; empty for nothing.
    """

    what: str | None = None
    warnings: tuple[str, ...] = ()
    to_mend: str = ""


class AskedToStop(Exception):
    """The worker was told to end, as when its node is taken away; the run's state is saved."""


def carry_out(job: Job, run: Run, needed: Outcome | None = None) -> Outcome:
    """Carry out a run from where its checkpoints are.

    Args:
        job: of the process that the user started.
        run: to carry out.
        needed: outcome of the run that this one goes on from, which is over therefore.

    Raises:
        AskedToStop: by SIGTERM or a cancelled task.
        OSError: a disk or a file system did not answer; another try may succeed.
    """
    if needed is not None and needed.what is None:
        return Outcome()
    _print_to(job.store().folder(run) / LOG)
    os.environ.pop(_THREADS, None)
    if job.threads is not None:
        os.environ[_THREADS] = job.threads
    warnings = []
    try:
        with stopping_at_once():
            return Outcome(_advance(job, run, warnings), tuple(warnings))
    except InputError as error:
        return Outcome(to_mend=f"{str(error).rstrip('.')} (on {socket.gethostname()}).")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        place = error.filename or job.store().folder(run)
        return Outcome(to_mend=f"no space left on the disk of {place} (on {socket.gethostname()}).")
    except Stopped as stopped:  # which a pickle does not bring back
        raise AskedToStop(str(stopped)) from stopped


def _advance(job, run, warnings):
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
