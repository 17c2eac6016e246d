"""Runs one after the other in this process."""

import time

from selfsup_segmentation.experiments.executors.common import Progress, advance, runs_to_do
from selfsup_segmentation.experiments.preemption import stopping_at_once
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.experiments.training.strategy import strategy_of

POLL_SECONDS = 5  # between two looks at runs that other processes hold


@stopping_at_once()
def run_all(runs, store, libraries, options, report=print):
    """Execute runs in order; a run without a result does not stop the others.

    Runs that another process holds are left to it, and waited for at the end: several processes that are
    given the same runs share them.

    Args:
        runs: list of `experiments.run.Run`, each after those that it depends on.
        store: `experiments.records.store.Store`.
        libraries: dict of data set name to `experiments.datasets.library.Library`. All data is decoded first,
            so that damaged data, or a wrong ImageNet file, is found before hours of training. Runs whose data
            set is not in it are skipped.
        options: `experiments.options.Options`.
        report: callable that takes a line for each run.

    Raises:
        InputError: data, weights, runs folder or devices have to be fixed by the user.
        Stopped: the process was asked to stop, also while it decodes or waits; the same call resumes.
    """
    for run in runs:
        if store.metrics(run) is None and not multiworker.place():
            strategy_of(run)  # too few devices are reported before hours of decoding
    todo = runs_to_do(runs, store, libraries, options, report)
    progress = Progress(len(todo), report)
    while todo:
        held = []
        for run in todo:
            outcome = advance(run, store, libraries[run.dataset], options, progress.start)
            if outcome is None:
                held.append(run)
            else:
                progress.done(run, outcome)
        if len(held) == len(todo):
            progress.wait_for(held, store)
            time.sleep(POLL_SECONDS)
        todo = held
