"""Processes that work for a function which may be called from any script."""

import contextlib
import multiprocessing.context
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import ModuleType

from selfsup_segmentation.data.errors import InputError


class _Process(multiprocessing.context.SpawnProcess):
    """A process that does not import the caller's script.

    A script without a ``__main__`` guard would start itself again in each process, and code from standard
    input has no file to import.
    """

    def start(self):
        script = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = script


class _Context(multiprocessing.context.SpawnContext):  # a fork of a process with TensorFlow can hang
    Process = _Process


@contextlib.contextmanager
def worker_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes, ended with the context; work that has not begun is cancelled.

    Args:
        processes: their number, ≥ 1. Functions and objects that they receive belong to importable modules.

    Raises:
        InputError: the system ended a process.
    """
    with ProcessPoolExecutor(processes, _Context(), initializer=_ignore_signals) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise InputError(
                "the system ended a worker process (out of memory?): the same command resumes its work."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _ignore_signals() -> None:
    """Leave what a terminal or Slurm sends to all processes to the parent, which then ends its workers."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
