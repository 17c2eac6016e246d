"""A process that trains a narrow network by the command line, keeps a journal, and fails at a given call."""

import dataclasses
import functools
import importlib
import itertools
import os
import signal
import sys
from pathlib import Path

from tests.narrow import narrow


@dataclasses.dataclass(frozen=True)
class At:
    """A signal that a process sends to itself before a call.

    Attributes:
        call: ``module:name`` as it is looked up where it is called; the name may be that of a method.
        nth: of the calls, from 1.
        holding: only calls count with this text in one of their paths or strings.
        signal: SIGSTOP leaves what happens next to the parent.
    """

    call: str
    nth: int = 1
    holding: str = ""
    signal: int = signal.SIGKILL


def run(commands, out, err, journal, faults):
    """Run a command line, or the ``train`` commands of several runs as one table, and exit."""
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    sys.stdout.reconfigure(line_buffering=True)  # the parent waits for lines
    watch_steps(journal)
    for fault in faults:
        arm(fault)
    from selfsup_segmentation.reproduce.__main__ import main

    with narrow():
        if len(commands) > 1:
            share(commands)
        else:
            sys.exit(main(commands[0]))


def share(commands):
    """What a table does with its runs, for those of several ``train`` commands on the same data."""
    from selfsup_segmentation.experiments.executors.local import run_all
    from selfsup_segmentation.reproduce.cli import train
    from selfsup_segmentation.reproduce.cli.arguments import make_options
    from selfsup_segmentation.reproduce.cli.parser import parse
    from selfsup_segmentation.reproduce.cli.session import open_session

    requests = [parse(command) for command in commands]
    session = open_session(requests[0])
    runs = [train.make_run(request, session) for request in requests]
    run_all(runs, session.store, session.libraries, make_options(requests[0]))


def arm(fault):
    """Put a fault before the call that it names; what is called stays as it is."""
    module, _, name = fault.call.partition(":")
    owner = importlib.import_module(module)
    *parents, last = name.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original, count = getattr(owner, last), itertools.count(1)

    @functools.wraps(original)
    def armed(*args, **kwargs):
        texts = [str(arg) for arg in args if isinstance(arg, (str, Path))]
        counts = not fault.holding or any(fault.holding in text for text in texts)
        if counts and next(count) == fault.nth:
            os.kill(os.getpid(), fault.signal)
        return original(*args, **kwargs)

    setattr(owner, last, armed)


def watch_steps(journal):
    """Write to the journal from which step a run goes on, and each step that begins."""
    from selfsup_segmentation.experiments.training import loop

    file, batches = (
        os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        loop.training_batches,
    )

    def watched(cache, preparation, size, seed, epochs, first=0, augment="none"):
        os.write(file, f"from {first}\n".encode())
        for step, batch in enumerate(batches(cache, preparation, size, seed, epochs, first, augment), first):
            begin_step(file, step)
            yield batch

    loop.training_batches = watched


def begin_step(file, step):
    """Note a step, at once and as a whole."""
    os.write(file, f"step {step}\n".encode())
