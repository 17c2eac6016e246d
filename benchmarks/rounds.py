"""Interleaved rounds: each candidate has its own worker process, and the workers are timed in turn.

One round times every candidate once, so that a ratio of one round compares the same minute of the machine.
Libraries would disturb each other in one process.
"""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from importlib.metadata import distributions
from importlib.util import find_spec
from typing import Any

import pyperf

from benchmarks.comparison import Settings

WARM_UP = 1  # rounds that are not recorded
PACKAGES = "tensorflow keras segmentation-models numpy scikit-image pillow cityscapesscripts torch"
PACKAGES = {*PACKAGES.split(), "segmentation-models-pytorch"}  # their versions are recorded
_timers: dict[str, Callable[[], float]] = {}  # of the candidate of this worker process


class CandidateError(RuntimeError):
    """A candidate failed, or its result differs from that of the candidate it is compared with."""


@dataclass(frozen=True)
class Candidate:
    """A function that is timed in a worker process.

    Attributes:
        prepare: module-level function; returns ``(facts, timers)``: a dict of plain values, and functions by
            name that each do the work and return seconds.
        arguments: of ``prepare`` after the settings; they are pickled.
        packages: modules without which it is skipped.
        one_core: restrict the process to one CPU core (Linux).
    """

    prepare: Callable[..., tuple[dict[str, Any], dict[str, Callable[[], float]]]]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    one_core: bool = False


@dataclass(frozen=True)
class Rounds:
    """Benchmarks by ``"<candidate> <timer>"``, a run (s) per round; facts and skip reasons by candidate."""

    benchmarks: dict[str, pyperf.Benchmark]
    facts: dict[str, dict[str, Any]]
    skipped: dict[str, str]

    def ratios(self, name: str, other: str) -> list[float]:
        """``name`` ÷ ``other``, round by round."""
        values, others = (self.benchmarks[key].get_values() for key in (name, other))
        return [value / by for value, by in zip(values, others, strict=True)]


def measure(candidates: Mapping[str, Candidate], settings: Settings) -> Rounds:
    """Prepare the candidates, by name, one after the other, then time them in interleaved rounds.

    Raises:
        CandidateError: a candidate raised an error or its process ended.
    """
    facts, skipped, runs, calls = {}, {}, {}, {}
    with contextlib.ExitStack() as workers:
        for name, candidate in candidates.items():
            if absent := [package for package in candidate.packages if find_spec(package) is None]:
                skipped[name] = f"not run: {' and '.join(absent)} not installed; `make bench` installs it"
                continue
            log = settings.scratch / f"{name.replace('/', '-')}.log"
            call = workers.enter_context(_worker(name, candidate.one_core, log))
            facts[name], timers = call(_prepare, candidate.prepare, settings, dict(candidate.arguments))
            calls |= {f"{name} {timer}": (call, timer) for timer in timers}
        for index in range(-WARM_UP, settings.repeat):
            for name, (call, timer) in calls.items():
                run = call(_time, name, timer)
                if index >= 0:
                    runs.setdefault(name, []).append(run)
    return Rounds({name: pyperf.Benchmark(of_name) for name, of_name in runs.items()}, facts, skipped)


def clock(function: Callable[[], Any], times: int = 1, wait: Callable[[], Any] = lambda: None) -> float:
    """Seconds per call, the mean of ``times`` calls; ``wait`` returns when a device has done them all."""
    start = time.perf_counter()
    for _ in range(times):
        function()
    wait()
    return (time.perf_counter() - start) / times


@contextlib.contextmanager
def _worker(name, one_core, log):
    """A process, as a function that calls its arguments there."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start, (str(log), one_core)) as pool:

        def call(*arguments):
            try:
                return pool.submit(*arguments).result()
            except BrokenProcessPool:
                message = " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
                raise CandidateError(f"{name}: its process ended: {message or 'no message'}") from None
            except Exception as error:  # of any library
                raise CandidateError(f"{name}: {type(error).__name__}: {error}") from error

        yield call


def _start(log, one_core):
    for stream in (1, 2):
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    if one_core:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before a library starts its threads


def _prepare(prepare, settings, arguments):
    facts, timers = prepare(settings, **arguments)
    _timers.update(timers)
    return facts, list(timers)


def _time(name, timer):
    """A run of one value; pyperf adds the machine and the process's peak memory (``mem_max_rss``)."""
    names = {d.name.lower().replace("_", "-"): d.version for d in distributions()}
    versions = {f"{name}_version": names[name] for name in PACKAGES & names.keys()}
    return pyperf.Run([_timers[timer]()], metadata={"name": name, "unit": "second"} | versions)
