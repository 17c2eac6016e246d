"""Execution of runs, in this process or on a Ray cluster."""

import dataclasses
import importlib.util

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def check_executor(request):
    """Raise `InputError` for options of the execution that contradict each other or ``TF_CONFIG``."""
    if request.executor is None:
        return
    if multiworker.place() and (request.verb != "train" or request.executor == "ray"):
        raise InputError(
            "TF_CONFIG is set: several hosts share one run of reproduce train; unset it, and share the runs "
            "of a table out with --executor ray, or by starting the command on each host."
        )
    for name in ("gpus", "tflops", "json"):
        if getattr(request, name) and not request.plan:
            raise InputError(f"--{name} is an option of --plan; add that, and nothing is run.")
    if request.executor == "ray":
        if importlib.util.find_spec("ray") is None:
            raise InputError("--executor ray needs the package ray: pip install -e '.[cluster]'.")
        return
    for name in ("ray_address", "gpus_per_run", "cpus_per_run"):
        if getattr(request, name) is not None:
            raise InputError(f"--{name.replace('_', '-')} is an option of --executor ray; add that.")


def run_all(request, runs, store, libraries):
    """Execute runs that are not finished, with arguments as for `experiments.executors.local.run_all`.

    Returns:
        Whether this process shows the results; the first of several that share a run does.
    """
    import_tensorflow()
    options = arguments.make_options(request)
    if request.executor == "ray":
        from selfsup_segmentation.experiments.executors import ray, ray_cluster

        cluster = ray_cluster.Cluster(request.ray_address, request.gpus_per_run, request.cpus_per_run or 1.0)
        ray.run_all(runs, store, libraries, options, cluster)
        return True
    import tensorflow as tf

    from selfsup_segmentation.experiments.executors import local

    where = multiworker.place()
    if where is None:
        local.run_all(runs, store, libraries, options)
        return True
    try:
        multiworker.strategy()
        if not where.follows:
            local.run_all(runs, store, libraries, options)
            return True
        quiet = dataclasses.replace(options, progress="none", tensorboard=False)
        with multiworker.following(store) as own:
            local.run_all(runs, own, libraries, quiet, lambda line: None)
    except tf.errors.OpError as error:  # of many kinds, when another process ends
        raise InputError(
            "another process of TF_CONFIG ended, or is unreachable: start all of them again, and the run "
            f"resumes from its last checkpoint (TensorFlow reports {type(error).__name__})."
        ) from error
    print(f"process {where.index} of {where.processes} is done; process 0 has the results")
    return False
