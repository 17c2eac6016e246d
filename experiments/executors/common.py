"""What every executor does: leave out unavailable runs, decode, execute a run, report progress."""

from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.records.lock import BusyError, holder
from selfsup_segmentation.experiments.training.network import imagenet_weights


def runs_to_do(runs, store, libraries, options, report):
    """Runs without a result, with their data decoded.

    Args:
        runs, store, libraries, options, report: as for `experiments.executors.local.run_all`.

    Raises:
        InputError: data is missing or damaged, or differs from the data of existing runs.
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
    # The pre-training's images are of use to some rows alone; the others do without.
    absent = {run: libraries[run.dataset].source.lacks(run.split) for run in runs if run.split != "train"}
    absent = {run: reason for run, reason in absent.items() if reason}
    for run, reason in absent.items():
        if run in todo:
            report(f"{run} and the runs that it initializes have no result: {reason}")
            store.write_failure(run, reason)
    runs, todo = ([run for run in each if run not in absent] for each in (runs, todo))
    for run in runs:
        libraries[run.dataset].check_same_data(run, store)
    for run in todo:
        libraries[run.dataset].prepare(run)
    return todo


def advance(run, store, library, options, start=lambda run: None):
    """Execute a run, unless another process holds it.

    Args:
        run, store, library, options: as for `experiments.execute.execute`.
        start: called with the run before it begins.

    Returns:
        Message about the outcome; None while another process holds the run, or the run that it depends on.
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
    numbers = " ".join(f"{k} {v:.3f}" for k, v in metrics.headline.items() if v is not None)
    return f"{numbers} ({metrics.session_seconds:.0f} s)"


def others(run, store):
    """Holders that block a run: dict of name (of this run or the run that it depends on) to lock holder."""
    needed = dependency(run)
    blocking = [run] if needed is None or store.metrics(needed) is not None else [needed, run]
    return {str(blocker): who for blocker in blocking if (who := holder(store.folder(blocker)))}


class Progress:
    """Lines that report the progress of several runs.

    Args:
        total: number of runs.
        report: callable that takes a line.
    """

    def __init__(self, total, report):
        self.total, self.report = total, report
        self.finished, self._waited_for = 0, None

    def start(self, run):
        """Report that a run begins."""
        self.report(f"[{self.finished + 1}/{self.total}] {run}")

    def done(self, run, outcome):
        """Report that a run ended."""
        self.finished += 1
        self.report(f"[{self.finished}/{self.total}] {run}: {outcome}")

    def wait_for(self, runs, store):
        """Report once which holders these runs wait for."""
        holders = {name: who for run in runs for name, who in others(run, store).items()}
        if holders != self._waited_for:
            self._waited_for = holders
            for name, who in holders.items():
                self.report(f"waiting for {name}: {who}")
