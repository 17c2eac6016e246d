"""Runs one after the other in this process."""

import time

from selfsup_segmentation.experiments.executors.common import Progress, advance, runs_to_do
from selfsup_segmentation.experiments.monitoring.time_left import seconds_left
from selfsup_segmentation.experiments.preemption import stopping_at_once
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.experiments.training.strategy import strategy_of

POLL_SECONDS = 5  # between two looks at runs that other processes have


@stopping_at_once()
def run_all(runs, store, libraries, options, report=print):
    """Carry out runs in order; a run without a result does not stop the others.

    Runs that another process has are left to it, and waited for at the end: several processes that are given
    the same runs share them.

    Args:
        runs: `experiments.run.Run`, each after those that it needs.
        store: `experiments.records.store.Store`.
        libraries: `experiments.datasets.library.Library` by the name of the data set. All that is
            needed is decoded first, so that damaged data is found before hours of training, and so is a wrong
            file of ImageNet weights. Runs on data that is not here are passed over.
        options: `experiments.options.Options`.
        report: takes a line for each run.

    Raises:
        InputError: the user has to mend something: data, weights, runs folder, devices.
        Stopped: the process was asked to stop, be it while it decodes or waits; the same call goes on.
    """
    for run in runs:
        if store.metrics(run) is None and not multiworker.place():
            strategy_of(run)  # too few devices are said before hours of decoding
    todo = runs_to_do(runs, store, libraries, options, report)

    def left():
        return seconds_left([r for r in runs if r.dataset in libraries and store.failure(r) is None], store)

    progress = Progress(len(todo), report, left)
    while todo:
        held = []
        for run in todo:
            what = advance(run, store, libraries[run.dataset], options, progress.start)
            if what is None:
                held.append(run)
            else:
                progress.done(run, what)
        if len(held) == len(todo):
            progress.wait_for(held, store)
            time.sleep(POLL_SECONDS)
        todo = held
