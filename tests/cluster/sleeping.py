"""Runs of a table that sleep instead of training, on nodes that claim to have GPUs."""

import contextlib
import logging
import time

from selfsup_segmentation.experiments.catalog import dependency, make_run
from selfsup_segmentation.experiments.executors.ray_task import Job, Outcome
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run


def equal_runs(count):
    """Runs that need no other."""
    return [make_run("cityscapes", ("seg",), "none", "random", seed) for seed in range(count)]


@contextlib.contextmanager
def gpus(count):
    """This process is connected to a cluster of one node that claims to have GPUs."""
    import ray

    ray.init(
        address="local", num_cpus=count, num_gpus=count, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR, object_store_memory=80 << 20,
    )  # fmt: skip
    try:
        yield
    finally:
        ray.shutdown()


def drive(runs: list[Run], seconds: dict[str, float], folder):
    """Seconds that the cluster of this process takes for runs that sleep."""
    from selfsup_segmentation.experiments.executors import ray, ray_cluster

    store = Store(folder)
    job = Job((store.root,), {}, Options(), None)
    assert all(dependency(run) is None or dependency(run) in runs for run in runs)
    started = time.monotonic()
    lines = []
    ray.drive(runs, store, job, ray_cluster.Cluster(), lines.append, sleeper(seconds))
    assert sum("slept" in line for line in lines) == len(runs)
    return time.monotonic() - started


def sleeper(seconds):
    """A task that sleeps in place of `experiments.executors.ray_task.execute_task`."""

    def sleep(job, run, needed=None):
        time.sleep(seconds[run.folder])
        return Outcome("slept")

    return sleep
