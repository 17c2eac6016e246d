"""Runs one after the other in this process."""

import time

from experiments.catalog import dependency
from experiments.execute import check_same_data, execute
from experiments.lock import BusyError, holder
from experiments.network import imagenet_weights
from experiments.preemption import stopping_at_once

POLL_SECONDS = 5  # between two looks at runs that other processes have


@stopping_at_once()
def run_all(runs, store, libraries, options, report=print):
    """Carry out runs in order; a run without a result does not stop the others.

    Runs that another process has are left to it, and waited for at the end: several processes that are given
    the same runs share them.

    Args:
        runs: `experiments.run.Run`, each after those that it needs.
        store: `experiments.store.Store`.
        libraries: `experiments.datasets.Library` by the name of the data set. All that is needed is decoded
            first, so that damaged data is found before hours of training, and so is a wrong file of ImageNet
            weights. Runs on data that is not here are passed over.
        options: `experiments.options.Options`.
        report: takes a line for each run.

    Raises:
        Stopped: the process was asked to stop, be it while it decodes or waits; the same call goes on.
    """
    runs = [run for run in runs if run.dataset in libraries]
    todo = [run for run in runs if store.metrics(run) is None]
    from_imagenet = [run for run in todo if run.init == "ImageNet" and not run.start]
    if from_imagenet:
        _, reason = imagenet_weights(options.imagenet_weights)
        if reason:
            report(f"{len(from_imagenet)} runs that start from ImageNet have no result: {reason}.")
            for run in from_imagenet:
                store.write_failure(run, reason)
            todo = [run for run in todo if run not in from_imagenet]
    for run in runs:
        check_same_data(run, store, libraries[run.dataset])
    for run in todo:
        libraries[run.dataset].prepare(run)
    progress = _Progress(len(todo), report)
    while todo:
        left = [run for run in todo if not _advance(run, store, libraries[run.dataset], options, progress)]
        if len(left) == len(todo):
            progress.wait_for(left, store)
            time.sleep(POLL_SECONDS)
        todo = left


def _advance(run, store, library, options, progress):
    """Carry out a run; False when another process has it, or has the one that it goes on from."""
    needed = dependency(run)
    if needed is not None and store.metrics(needed) is None and holder(store.folder(needed)):
        return False
    if holder(store.folder(run)):
        return False
    if store.metrics(run) is not None:
        progress.done(run, "made by another process")
        return True
    progress.start(run)
    try:
        metrics = execute(run, store, library, options)
    except BusyError:
        return False
    if metrics is None:
        progress.done(run, f"no result, {store.failure(run)}")
    else:
        numbers = " ".join(f"{k} {v:.3f}" for k, v in metrics["headline"].items() if v is not None)
        progress.done(run, f"{numbers} ({metrics.get('session_seconds', 0):.0f} s)")
    return True


class _Progress:
    """Lines that say how far the runs are."""

    def __init__(self, total, report):
        self.total, self.report, self.finished, self._waited_for = total, report, 0, None

    def start(self, run):
        self.report(f"[{self.finished + 1}/{self.total}] {run}")

    def done(self, run, what):
        self.finished += 1
        self.report(f"[{self.finished}/{self.total}] {run}: {what}")

    def wait_for(self, runs, store):
        """Say once for whom this process waits."""
        blocking = [blocker for run in runs for blocker in (run, dependency(run)) if blocker is not None]
        holders = {str(run): who for run in blocking if (who := holder(store.folder(run)))}
        if holders != self._waited_for:
            self._waited_for = holders
            for run, who in holders.items():
                self.report(f"waiting for {run}: {who}")
