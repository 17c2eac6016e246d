"""Command lines as processes, and the nodes of a Ray cluster, each of which may be killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import REPOSITORY

TIMEOUT = 240  # seconds that nothing of these tests takes


class Command:
    """``reproduce`` as a process; what it prints goes to files.

    Args:
        stem: of the files.
        words: after ``reproduce``.
        script: of Python, in place of the program itself.
        environment: what differs from this process's.
    """

    def __init__(self, stem, *words, script=None, **environment):
        self.files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("out", "err")]
        program = ["-m", "reproduce"] if script is None else ["-c", script]
        with self.files[0].open("wb") as out, self.files[1].open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-u", *program, *map(str, words)],
                cwd=REPOSITORY, stdout=out, stderr=err, env=os.environ | environment,
            )  # fmt: skip
        self.pid = self._process.pid

    @property
    def out(self):
        """Its standard output so far."""
        return self.files[0].read_text()

    @property
    def err(self):
        """Its standard error so far."""
        return self.files[1].read_text()

    def kill(self, number=signal.SIGKILL):
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self):
        """Its exit code."""
        try:
            return self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
            raise AssertionError(f"still running after {TIMEOUT} s: {self.err[-2000:]}") from None

    def until(self, condition, what):
        """Wait until something is so, while the process lives; returns what the condition returned."""
        return until(condition, what, lambda: self._process.poll() is None, lambda: self.err[-2000:])


def until(condition, what, alive=lambda: True, why=str):
    """Wait until a condition returns something that is true, and return that."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := condition()):
        assert alive(), f"ended before {what}: {why()}"
        assert time.monotonic() < deadline, f"waited in vain for {what}: {why()}"
        time.sleep(0.05)
    return found


def owner(folder):
    """Process id that a run's lock names, or None."""
    try:
        return json.loads((folder / "lock").read_text())["pid"]
    except (OSError, ValueError):
        return None


def parent_of(pid):
    """Process id of a process's parent, or None."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[1])
    return None


def kill_node(cluster, raylet):
    """SIGKILL to the raylet with that process id and to all of its workers, as when its host loses power."""
    node = next(node for node in cluster.worker_nodes if raylet_of(node) == raylet)
    processes = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    children = [pid for pid in processes if parent_of(pid) == raylet]
    for pid in (raylet, *children):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    cluster.remove_node(node, allow_graceful=False)


def raylet_of(node):
    """Process id of a node's raylet."""
    return node.all_processes["raylet"][0].process.pid
