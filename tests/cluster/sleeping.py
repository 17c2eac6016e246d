"""Runs of a table that sleep instead of training, on nodes that claim to have GPUs."""

import contextlib
import logging
import time

from selfsup_segmentation.experiments.catalog import make_run
from selfsup_segmentation.experiments.executors.ray_task import Outcome


def equal_runs(count):
    """Runs that need no other."""
    return [make_run("cityscapes", ("seg",), "none", "random", seed) for seed in range(count)]


@contextlib.contextmanager
def gpus(count):
    """Connect this process to a cluster of one node that claims to have GPUs."""
    import ray

    ray.init(
        address="local", num_cpus=count, num_gpus=count, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR, object_store_memory=80 << 20,
    )  # fmt: skip
    try:
        yield
    finally:
        ray.shutdown()


def sleeper(seconds):
    """A task that sleeps in place of `experiments.executors.ray_task.execute_task`."""

    def sleep(job, run, needed=None):
        time.sleep(seconds)
        return Outcome("slept")

    return sleep
