"""Processes that may come to harm: what they print goes to files, and nothing waits for ever."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from tests.conftest import REPOSITORY

TIMEOUT = 400  # seconds that nothing of these tests takes


def until(condition, what, alive=lambda: True, why=str):
    """Wait until a condition returns something that is true, and return that."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := condition()):
        assert alive(), f"ended before {what}: {why()}"
        assert time.monotonic() < deadline, f"waited in vain for {what}: {why()}"
        time.sleep(0.02)
    return found


def status(pid):
    """What the kernel says of a process after its name: state, parent, …; nothing of one that is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()
    return []


class Watched:
    """A process under way; what starts it is a subclass's, and its ``pid`` and ``exit_code``.

    Args:
        stem: of the files.
        more: kinds of files besides ``out`` and ``err``.
    """

    def __init__(self, stem, *more):
        self.files = [stem.with_name(f"{stem.name}.{kind}") for kind in ("out", "err", *more)]
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file in self.files:
            file.touch()

    def exit_code(self, seconds=0):
        """Negative for the signal that killed it; None while it has not ended, for so many seconds."""
        raise NotImplementedError

    def wait(self):
        """Its exit code, once it has ended."""
        code = self.exit_code(TIMEOUT)
        if code is None:
            self.kill()
            self.exit_code(TIMEOUT)
            raise AssertionError(f"still running after {TIMEOUT} s: {self.why}")
        return code

    def kill(self, number=signal.SIGKILL):
        """Send it a signal, as anybody may."""
        if self.exit_code() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def until(self, condition, what):
        """Wait until something is so, while the process lives; returns what the condition returned."""
        return until(condition, what, lambda: self.exit_code() is None, lambda: self.why)

    @property
    def out(self):
        """Its standard output so far."""
        return self.files[0].read_text()

    @property
    def err(self):
        """Its standard error so far."""
        return self.files[1].read_text()

    @property
    def why(self):
        """How it ended: the last line of its standard error, then more of them."""
        lines = self.err.strip().splitlines() or [""]
        return "\n".join([lines[-1], *lines[-40:]])


class Command(Watched):
    """``reproduce`` as a process.

    Args:
        stem: of the files.
        words: after ``reproduce``.
        script: of Python, in place of the program itself.
        environment: what differs from this process's.
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
        """As `Watched` says."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None
