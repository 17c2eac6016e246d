"""Runs are carried out where the options say: in this process, or on a Ray cluster."""

import contextlib
import dataclasses
import importlib.util

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def check_executor(args):
    """Raise `InputError` where runs cannot be carried out as the options, or ``TF_CONFIG``, say."""
    if multiworker.place() and (args.verb != "train" or args.executor == "ray"):
        raise InputError(
            "TF_CONFIG is set: several hosts share one run of reproduce train; unset it, and share the runs "
            "of a table out with --executor ray, or by starting the command on each host."
        )
    for name in ("gpus", "tflops", "json"):
        if getattr(args, name, None) and not args.plan:
            raise InputError(f"--{name} is an option of --plan; add that, and nothing is run.")
    if args.executor == "ray":
        if importlib.util.find_spec("ray") is None:
            raise InputError("--executor ray needs the package ray: pip install -e '.[cluster]'.")
        return
    for name in ("ray_address", "gpus_per_run", "cpus_per_run"):
        if getattr(args, name) is not None:
            raise InputError(f"--{name.replace('_', '-')} is an option of --executor ray; add that.")


def run_all(args, runs, store, libraries):
    """Carry out runs that are not finished.

    Args:
        args: options of the verb.
        runs, store, libraries: as for `experiments.executors.local.run_all`.

    Returns:
        Whether the results are this process's to show; the first of several that share a run shows them.
    """
    check_executor(args)
    import_tensorflow()
    options = arguments.make_options(args)
    if args.executor == "ray":
        from selfsup_segmentation.experiments.executors import ray, ray_cluster

        cluster = ray_cluster.Cluster(args.ray_address, args.gpus_per_run, args.cpus_per_run or 1.0)
        ray.run_all(runs, store, libraries, options, cluster)
        return True
    from selfsup_segmentation.experiments.executors import local

    where = multiworker.place()
    if where is None:
        local.run_all(runs, store, libraries, options)
        return True
    with _others_may_end():
        multiworker.strategy()
        if not where.follows:
            local.run_all(runs, store, libraries, options)
            return True
        quiet = dataclasses.replace(options, progress="none", tensorboard=False)
        with multiworker.following(store) as own:
            local.run_all(runs, own, libraries, quiet, lambda line: None)
    print(f"process {where.index} of {where.processes} is done; process 0 has the results")
    return False


@contextlib.contextmanager
def _others_may_end():
    """TensorFlow says in many ways that a process which shares the run is gone."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise InputError(
            "another process of TF_CONFIG ended, or cannot be reached: start all of them again, and the run "
            f"goes on from its last checkpoint (TensorFlow says {type(error).__name__})."
        ) from error
