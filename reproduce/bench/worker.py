"""A child process that has prepared something to be timed and runs it when it is asked to."""

import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LAST_LINES = 3  # of what a child said before it failed


class WorkerError(RuntimeError):
    """A child failed; says what it said."""


class Worker:
    """A job in a child process.

    Args:
        job: module of `reproduce.bench.jobs`, whose ``prepare(**arguments)`` returns facts and functions.
        arguments: for ``prepare``, plain JSON.
        folder: for the log of what the child prints.
        cores: that it may use; None for all.
    """

    def __init__(self, job: str, arguments: Mapping[str, Any], folder: Path, cores: int | None = None):
        self.job = job
        self._log = folder / f"{job}-{len(list(folder.glob('*.log')))}.log"
        command = [
            sys.executable,
            "-m",
            "selfsup_segmentation.reproduce.bench.child",
            job,
            json.dumps(arguments),
            str(cores or 0),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._facts: dict[str, Any] | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What the preparation found; waits for it."""
        if self._facts is None:
            self._facts = self._reply()
        return self._facts

    def call(self, name: str) -> dict[str, Any]:
        """Run one of the job's functions and return what it returns.

        Raises:
            WorkerError: it failed, or the preparation did.
        """
        _ = self.facts
        with contextlib.suppress(BrokenPipeError):  # the reply says that it is gone
            self._process.stdin.write(f"{name}\n")
            self._process.stdin.flush()
        return self._reply()

    def close(self) -> None:
        """End the child."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _reply(self):
        line = self._process.stdout.readline()
        if not line:
            said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            code = self._process.wait()
            raise WorkerError(f"{self.job} ended with {code}: {' / '.join(said[-LAST_LINES:])}")
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(f"{self.job}: {reply['error']}")
        return reply


@contextlib.contextmanager
def workers(jobs: Mapping[str, tuple], folder: Path) -> Iterator[dict[str, Worker]]:
    """Workers by name, prepared at the same time: only what comes after is timed.

    Args:
        jobs: by name ``(job, arguments)`` or ``(job, arguments, cores)``.
        folder: for logs.
    """
    with contextlib.ExitStack() as stack:
        started = {}
        for name, job in jobs.items():
            job, arguments, *cores = job
            started[name] = Worker(job, arguments, folder, *cores)
            stack.callback(started[name].close)
        for worker in started.values():
            _ = worker.facts
        yield started


def missing(*packages: str) -> str | None:
    """Why something that needs packages cannot be measured, or None where all are installed."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return f"{' and '.join(absent)} not installed; `make bench` installs them" if absent else None
