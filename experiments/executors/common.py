"""What every executor does: leave out what cannot be had, decode, carry out a run, say how far it is."""

from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.execute import check_same_data, execute
from selfsup_segmentation.experiments.monitoring.time_left import duration
from selfsup_segmentation.experiments.records.lock import BusyError, holder
from selfsup_segmentation.experiments.training.network import imagenet_weights


def runs_to_do(runs, store, libraries, options, report):
    """Runs without a result, with their data decoded.

    Args:
        runs, store, libraries, options, report: as for `experiments.executors.local.run_all`.

    Raises:
        InputError: data is missing or damaged, or not that of runs that are there.
    """
    runs = [run for run in runs if run.dataset in libraries]
    todo = [run for run in runs if store.metrics(run) is None]
    from_imagenet = [run for run in todo if run.needs_imagenet]
    if from_imagenet:
        _, reason = imagenet_weights(options.imagenet_weights, from_imagenet[0].readings.backbone)
        if reason:
            report(f"{len(from_imagenet)} runs that start from ImageNet have no result: {reason}.")
            for run in from_imagenet:
                store.write_failure(run, reason)
            todo = [run for run in todo if run not in from_imagenet]
    for run in runs:
        check_same_data(run, store, libraries[run.dataset])
    for run in todo:
        libraries[run.dataset].prepare(run)
    return todo


def advance(run, store, library, options, start=lambda run: None):
    """Carry out a run, unless another process has it.

    Args:
        run, store, library, options: as for `experiments.execute.execute`.
        start: called with the run before it begins.

    Returns:
        What became of it, in words; None while another process has it, or has the one that it goes on from.
    """
    if others(run, store):
        return None
    if store.metrics(run) is not None:
        return "made by another process"
    start(run)
    try:
        metrics = execute(run, store, library, options)
    except BusyError:
        return None
    if metrics is None:
        return f"no result, {store.failure(run)}"
    numbers = " ".join(f"{k} {v:.3f}" for k, v in metrics["headline"].items() if v is not None)
    return f"{numbers} ({metrics.get('session_seconds', 0):.0f} s)"


def others(run, store):
    """Who keeps a run from being carried out: holder by name of this run, or of the one that it needs."""
    needed = dependency(run)
    blocking = [run] if needed is None or store.metrics(needed) is not None else [needed, run]
    return {str(blocker): who for blocker in blocking if (who := holder(store.folder(blocker)))}


class Progress:
    """Lines that say how far the runs are.

    Args:
        total: runs.
        report: takes a line.
        left: gives the seconds until all of them are done, or None where that is not known.
    """

    def __init__(self, total, report, left=lambda: None):
        self.total, self.report, self._left = total, report, left
        self.finished, self._waited_for = 0, None

    def start(self, run):
        """A run begins."""
        self.report(f"[{self.finished + 1}/{self.total}] {run}")

    def done(self, run, what):
        """A run ended."""
        self.finished += 1
        left = self._left() if self.finished < self.total else None
        more = "" if left is None else f"; all in about {duration(left)}"
        self.report(f"[{self.finished}/{self.total}] {run}: {what}{more}")

    def wait_for(self, runs, store):
        """Say once for whom these runs wait."""
        holders = {name: who for run in runs for name, who in others(run, store).items()}
        if holders != self._waited_for:
            self._waited_for = holders
            for name, who in holders.items():
                self.report(f"waiting for {name}: {who}")
