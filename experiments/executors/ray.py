"""Runs as tasks of a Ray cluster: as many at a time as its GPUs take, each in a process of its own.

The state of the runs is in the runs folder alone, which all nodes share; what a node or this process takes
with it when it dies is found there again.
"""

import time

import ray

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.executors import ray_cluster
from selfsup_segmentation.experiments.executors.common import Progress, others, runs_to_do
from selfsup_segmentation.experiments.executors.ray_task import AskedToStop, Job, Outcome, carry_out
from selfsup_segmentation.experiments.monitoring.progress import LiveLine, is_live
from selfsup_segmentation.experiments.monitoring.time_left import Countdown, Paces, duration, seconds_left
from selfsup_segmentation.experiments.preemption import listening, stop_if_requested, stopping_at_once
from selfsup_segmentation.experiments.records.lock import holder
from selfsup_segmentation.experiments.records.run_status import signs_of_life

POLL_SECONDS = 2  # between two looks at the runs folder
RETRIES = 20  # of a run whose worker or node died, or was taken away
LOST = (
    ray.exceptions.WorkerCrashedError,
    ray.exceptions.NodeDiedError,
    ray.exceptions.OutOfMemoryError,
    AskedToStop,
    OSError,
)


def run_all(runs, store, libraries, options, cluster, report=print):
    """Carry out runs on a cluster; one without a result does not stop the others.

    Runs that another process has are left to it, and waited for, as by `experiments.executors.local.run_all`.

    Args:
        runs, store, libraries, options, report: as there; all paths are the same on every node.
        cluster: `experiments.executors.ray_cluster.Cluster`.

    Raises:
        InputError: no such cluster, no node of it can take a run, or data or disk of a node must be mended.
        Stopped: this process was asked to stop; so were the runs under way, and their state is saved.
    """
    ray_cluster.connect(cluster.address)
    for run in runs:
        cluster.needs(run)  # what no node can take is said before hours of decoding
    with stopping_at_once():
        todo = runs_to_do(runs, store, libraries, options, report)
        known = [run for run in runs if run.dataset in libraries]
        line = LiveLine() if is_live(options.progress) else None
        if todo:
            with listening():  # Ray cannot bear an exception that a signal raises in it
                job = Job.of(store, libraries, options)
                see_through(todo, store, job, cluster, report, known=known, line=line)


def see_through(runs, store, job, cluster, report, work=carry_out, known=(), line=None):
    """Give runs to a cluster that this process is connected to, and wait for the last one.

    Args:
        runs: without a result, each after those that it needs.
        store, cluster, report: as for `run_all`.
        job: `experiments.executors.ray_task.Job`.
        work: what a worker does with a run, see `experiments.executors.ray_task.carry_out`.
        known: these runs and finished ones, which tell how long the others take.
        line: `experiments.monitoring.progress.LiveLine` that says how far all of them are; None for none.
    """
    needs, paces, warn = {run: cluster.needs(run) for run in runs}, Paces(), job.options.warn
    if line:
        report, warn = line.above(report), line.above(warn)

    def work_out():
        possible = [run for run in known or runs if store.failure(run) is None]
        return seconds_left(possible, store, ray_cluster.slots(needs.values()), paces)

    left = Countdown(work_out)  # it reads the records of all runs
    report(ray_cluster.describe(needs.values()))
    tasks, progress = _Tasks(runs, needs, job, store, work), Progress(len(runs), report, left)
    seen, alone = {}, False
    try:
        while tasks.waiting or tasks.under_way:
            stop_if_requested()
            for run in list(tasks.waiting):
                if not others(run, store):
                    tasks.submit(run)
            for run, outcome in tasks.ended(POLL_SECONDS):
                paces.forget(run)
                left.renew()
                _take(run, outcome, tasks, progress, warn)
            for run in tasks.under_way.values():
                if _look(run, store.folder(run), seen, paces, report):
                    left.renew()
            if tasks.waiting:
                progress.wait_for(tasks.waiting, store)
            was_alone, alone = alone, not ray_cluster.fit(needs.values())
            if alone and not was_alone:
                report("no node is left that can take a run; waiting for one")
            if line:
                line.show(_state(progress, paces, left()))
    finally:  # also where it is over: there is nothing to stop then
        if line:
            line.show("")
        tasks.stop()


def _take(run, outcome, tasks, progress, warn):
    for sentence in outcome.warnings:
        warn(sentence)
    if outcome.to_mend:
        raise InputError(outcome.to_mend)
    if outcome.what is None:
        tasks.waiting.append(run)
    else:
        progress.done(run, outcome.what)


def _look(run, folder, seen, paces, report):
    """Take note of how far a run is, and write it; whether that is another place than at the last look."""
    who, was_held = holder(folder), run in paces.marks
    if who is None:
        paces.forget(run)
        return was_held
    done = signs_of_life(folder).epochs
    paces.look(run, done)
    changed = not was_held or seen.get(run) != done
    if run not in seen:
        report(f"{run}: {who}")
    elif seen[run] < done:
        report(f"{run}: epoch {done}/{run.schedule.epochs}")
    seen[run] = done
    return changed


def _state(progress, paces, left):
    """How far all runs are."""
    more = "" if left is None else f", all in about {duration(left)}"
    return f"  {progress.finished} of {progress.total} runs done, {len(paces.marks)} under way{more}"


class _Tasks:
    """Runs that are given to the cluster.

    Args:
        runs: each after those that it needs.
        needs: (CPUs, GPUs) by run.
        job: `experiments.executors.ray_task.Job`.
        store: `experiments.records.store.Store`.
        work: what a worker does with a run.

    Attributes:
        waiting: runs that are not given to it yet, because other processes have them.
        under_way: run by the reference to its outcome.
    """

    def __init__(self, runs, needs, job, store, work):
        self.waiting, self.under_way, self.needs = list(runs), {}, needs
        self._job, self._store = job, store
        # A process of its own for each run: its TensorFlow has seen nothing, and frees the GPU at the end.
        self._task = ray.remote(max_calls=1, max_retries=RETRIES, retry_exceptions=[AskedToStop, OSError])(
            work
        )

    def submit(self, run):
        """Give a run to the cluster, which begins it once the run that it needs is over."""
        needed = dependency(run)
        if needed in self.waiting:
            return
        reference = next((ref for ref, other in self.under_way.items() if other == needed), None)
        cpus, gpus = self.needs[run]
        task = self._task.options(num_cpus=cpus, num_gpus=gpus, name=str(run))
        self.under_way[task.remote(self._job, run, reference)] = run
        self.waiting.remove(run)

    def ended(self, seconds):
        """(run, `Outcome`) of runs that are over.

        Args:
            seconds: to wait for one.
        """
        if not self.under_way:
            time.sleep(seconds)
            return
        done, _ = ray.wait(list(self.under_way), timeout=seconds)
        for reference in done:
            run = self.under_way.pop(reference)
            try:
                yield run, ray.get(reference)
            except LOST as error:
                yield run, self._given_up(run, error)

    def _given_up(self, run, error):
        needed = dependency(run)
        reason = needed and self._store.failure(needed)
        if reason and self._store.metrics(needed) is None:
            reason = f"it goes on from {needed}, which has no result: {reason}"
        else:
            first_line = str(error).strip().partition("\n")[0]
            reason = f"its process ended {RETRIES + 1} times before the run did: {first_line}"
        self._store.write_failure(run, reason)
        return Outcome(f"no result, {reason}")

    def stop(self):
        """Ask the runs under way to save their state, and wait until they have."""
        left = list(self.under_way)
        for reference in left:
            ray.cancel(reference)
        while left:
            _, left = ray.wait(left, num_returns=len(left), timeout=0)
            time.sleep(0.2)  # where a second signal ends the wait
