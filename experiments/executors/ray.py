"""Runs as tasks of a Ray cluster: as many at a time as its GPUs allow, each in its own process.

The state of the runs is in the runs folder alone, which all nodes share: when a node or this process dies,
runs resume from there.
"""

import time

import ray
from tqdm import tqdm

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.executors import ray_cluster
from selfsup_segmentation.experiments.executors.common import Progress, others, runs_to_do
from selfsup_segmentation.experiments.executors.ray_task import AskedToStop, Job, Outcome, execute_task
from selfsup_segmentation.experiments.monitoring.callbacks import is_live
from selfsup_segmentation.experiments.preemption import listening, stop_if_requested, stopping_at_once
from selfsup_segmentation.experiments.records.lock import holder
from selfsup_segmentation.experiments.records.run_status import run_status

POLL_SECONDS = 2  # between two looks at the runs folder
RETRIES = 20  # of a run whose worker or node died, or was taken away
_EXCEPTIONS = ray.exceptions
_DIED = (_EXCEPTIONS.WorkerCrashedError, _EXCEPTIONS.NodeDiedError, _EXCEPTIONS.OutOfMemoryError)
LOST = (*_DIED, AskedToStop, OSError)


def run_all(runs, store, libraries, options, cluster, report=tqdm.write):
    """Execute runs on a cluster; one without a result does not stop the others.

    Runs that another process holds are left to it, and waited for, as by `local.run_all`.

    Args:
        runs, store, libraries, options, report: as there; all paths are the same on every node.
        cluster: `experiments.executors.ray_cluster.Cluster`.

    Raises:
        InputError: no such cluster, no node of it can take a run, or data or disk of a node has to be fixed.
        Stopped: this process was asked to stop; so were the runs that train, and their state is saved.
    """
    ray_cluster.connect(cluster.address)
    for run in runs:
        cluster.needs(run)  # what no node can take is reported before hours of decoding
    with stopping_at_once():
        todo = runs_to_do(runs, store, libraries, options, report)
        if todo:
            with listening():  # Ray does not survive an exception that a signal raises in it
                bar = is_live(options.progress)
                drive(todo, store, Job.of(store, libraries, options), cluster, report, bar=bar)


def drive(runs, store, job, cluster, report, task=execute_task, bar=False):
    """Submit runs to the cluster that this process is connected to, and wait for the last one.

    Args:
        runs: runs without a result, each after those that it depends on.
        store, cluster, report: as for `run_all`.
        job: `experiments.executors.ray_task.Job`.
        task: function that a worker calls with (job, run, outcome of the run that it depends on).
        bar: whether a tqdm bar shows how many runs are finished.
    """
    needs = {run: cluster.needs(run) for run in runs}
    report(ray_cluster.describe(needs.values()))
    tasks, progress = _Tasks(runs, needs, job, store, task), Progress(len(runs), report)
    epochs, alone = {}, False
    with tqdm(total=len(runs), unit=" runs", disable=not bar, leave=False, dynamic_ncols=True) as shown:
        try:
            while tasks.waiting or tasks.submitted:
                stop_if_requested()
                for run in list(tasks.waiting):
                    if not others(run, store):
                        tasks.submit(run)
                for run, outcome in tasks.ended(POLL_SECONDS):
                    _take(run, outcome, tasks, progress, job.options.warn)
                for run in tasks.submitted.values():
                    _report_epochs(run, store.folder(run), epochs, report)
                if tasks.waiting:
                    progress.wait_for(tasks.waiting, store)
                was_alone, alone = alone, not ray_cluster.fit(needs.values())
                if alone and not was_alone:
                    report("no node is left that can take a run; waiting for one")
                shown.update(progress.finished - shown.n)
        finally:  # also at the regular end: there is nothing to stop then
            tasks.stop()


def _take(run, outcome, tasks, progress, warn):
    for sentence in outcome.warnings:
        warn(sentence)
    if outcome.error:
        raise InputError(outcome.error)
    if outcome.message is None:
        tasks.waiting.append(run)
    else:
        progress.done(run, outcome.message)


def _report_epochs(run, folder, epochs, report):
    """Report which worker trains a run, and each epoch that it completed since the last look."""
    worker = holder(folder)
    if worker is None:
        return
    done = run_status(folder).epochs
    if run not in epochs:
        report(f"{run}: {worker}")
    elif epochs[run] < done:
        report(f"{run}: epoch {done}/{run.schedule.epochs}")
    epochs[run] = done


class _Tasks:
    """Ray tasks of runs: ``waiting`` for other processes, or ``submitted``, by reference to the outcome."""

    def __init__(self, runs, needs, job, store, task):
        self.waiting, self.submitted, self.needs = list(runs), {}, needs
        self._job, self._store = job, store
        # A new process for each run: its TensorFlow is in its initial state, and frees the GPU at the end.
        retries = {"max_retries": RETRIES, "retry_exceptions": [AskedToStop, OSError]}
        self._task = ray.remote(max_calls=1, **retries)(task)

    def submit(self, run):
        """Submit a run; the cluster begins it once the run that it depends on has ended."""
        needed = dependency(run)
        if needed in self.waiting:
            return
        reference = next((ref for ref, other in self.submitted.items() if other == needed), None)
        cpus, gpus = self.needs[run]
        task = self._task.options(num_cpus=cpus, num_gpus=gpus, name=str(run))
        self.submitted[task.remote(self._job, run, reference)] = run
        self.waiting.remove(run)

    def ended(self, seconds):
        """Yield (run, `Outcome`) of runs that have ended; waits up to ``seconds`` for one."""
        if not self.submitted:
            time.sleep(seconds)
            return
        done, _ = ray.wait(list(self.submitted), timeout=seconds)
        for reference in done:
            run = self.submitted.pop(reference)
            try:
                yield run, ray.get(reference)
            except LOST as error:
                yield run, self._given_up(run, error)

    def _given_up(self, run, error):
        needed = dependency(run)
        reason = needed and self._store.failure(needed)
        if reason and self._store.metrics(needed) is None:
            reason = f"it is initialized from {needed}, which has no result: {reason}"
        else:
            first_line = str(error).strip().partition("\n")[0]
            reason = f"its process ended {RETRIES + 1} times before the run did: {first_line}"
        self._store.write_failure(run, reason)
        return Outcome(f"no result, {reason}")

    def stop(self):
        """Ask the runs that train to save their state, and wait until they have."""
        left = list(self.submitted)
        for reference in left:
            ray.cancel(reference)
        while left:
            _, left = ray.wait(left, num_returns=len(left), timeout=0)
            time.sleep(0.2)  # where a second signal ends the wait
