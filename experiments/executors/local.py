"""Runs one after the other in this process."""

from experiments.execute import execute, imagenet_weights


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
    todo = [run for run in runs if run.dataset in libraries and store.metrics(run) is None]
    if any(run.init == "ImageNet" for run in todo):
        imagenet_weights(options.imagenet_weights)
    for run in todo:
        libraries[run.dataset].prepare(run)
    for number, run in enumerate(todo, start=1):
        report(f"[{number}/{len(todo)}] {run}")
        metrics = execute(run, store, libraries[run.dataset], options)
        if metrics is None:
            report(f"[{number}/{len(todo)}] {run}: no result, {store.failure(run)}")
        else:
            numbers = " ".join(f"{k} {v:.3f}" for k, v in metrics["headline"].items() if v is not None)
            report(f"[{number}/{len(todo)}] {run}: {numbers} ({metrics['seconds']:.0f} s)")
