"""Processes that a test stops or kills; they print to files, and every wait ends."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from tests.conftest import REPOSITORY

TIMEOUT = 900  # seconds; no wait of these tests takes half as long


def until(condition, event, alive=lambda: True, why=str):
    """Wait until a condition returns a true value, and return that."""
    deadline = time.monotonic() + TIMEOUT
    while not (value := condition()):
        assert alive(), f"ended before {event}: {why()}"
        assert time.monotonic() < deadline, f"waited in vain for {event}: {why()}"
        time.sleep(0.02)
    return value


def status(pid):
    """Fields of /proc/PID/stat after the name: state, parent, …; empty for a process that ended."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()
    return []


class Watched:
    """A running process; subclasses start it, and have its ``pid`` and ``exit_code``.

    Args:
        stem: path of its files without their endings.
        others: endings of files besides ``out`` and ``err``.
    """

    def __init__(self, stem, *others):
        self.files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("out", "err", *others)]
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file in self.files:
            file.touch()

    def exit_code(self, seconds=0):
        """Negative for the signal that killed it; None when it has not ended after so many seconds."""
        raise NotImplementedError

    def wait(self):
        """Exit code, once it has ended."""
        code = self.exit_code(TIMEOUT)
        if code is None:
            self.kill()
            self.exit_code(TIMEOUT)
            raise AssertionError(f"still running after {TIMEOUT} s: {self.why}")
        return code

    def kill(self, number=signal.SIGKILL):
        """Send a signal."""
        if self.exit_code() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def until(self, condition, event):
        """`until`, while the process lives."""
        return until(condition, event, lambda: self.exit_code() is None, lambda: self.why)

    @property
    def out(self):
        """Standard output so far."""
        return self.files[0].read_text()

    @property
    def err(self):
        """Standard error so far."""
        return self.files[1].read_text()

    @property
    def why(self):
        """The last line of its standard error, then the last 40."""
        lines = self.err.strip().splitlines() or [""]
        return "\n".join([lines[-1], *lines[-40:]])


class Command(Watched):
    """``reproduce`` as a process.

    Args:
        stem: as for `Watched`.
        words: after ``reproduce``.
        script: Python program to run instead.
        environment: variables that differ from this process's.
    """

    def __init__(self, stem, *words, script=None, **environment):
        super().__init__(stem)
        program = ["-m", "selfsup_segmentation.reproduce"] if script is None else ["-c", script]
        with self.files[0].open("wb") as out, self.files[1].open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-u", *program, *map(str, words)],
                cwd=REPOSITORY, stdout=out, stderr=err, env=os.environ | environment,
            )  # fmt: skip
        self.pid = self._process.pid

    def exit_code(self, seconds=0):
        """As for `Watched`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None
