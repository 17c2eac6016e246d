"""Runs one after the other in this process."""

from experiments.execute import check_same_data, execute
from experiments.lock import BusyError
from experiments.network import imagenet_weights


def run_all(runs, store, libraries, options, report=print):
    """Carry out runs in order; a run without a result does not stop the others.

    Args:
        runs: `experiments.run.Run`, each after those that it needs.
        store: `experiments.store.Store`.
        libraries: `experiments.datasets.Library` by the name of the data set. All that is needed is decoded
            first, so that damaged data is found before hours of training, and so is a wrong file of ImageNet
            weights. Runs on data that is not here are passed over.
        options: `experiments.options.Options`.
        report: takes a line for each run.
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
    for number, run in enumerate(todo, start=1):
        report(f"[{number}/{len(todo)}] {run}")
        try:
            metrics = execute(run, store, libraries[run.dataset], options)
        except BusyError as error:
            report(f"[{number}/{len(todo)}] passed over: {error}")
            continue
        if metrics is None:
            report(f"[{number}/{len(todo)}] {run}: no result, {store.failure(run)}")
        else:
            numbers = " ".join(f"{k} {v:.3f}" for k, v in metrics["headline"].items() if v is not None)
            report(f"[{number}/{len(todo)}] {run}: {numbers} ({metrics['session_seconds']:.0f} s)")
