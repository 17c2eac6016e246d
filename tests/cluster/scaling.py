"""What Ray and the executor add to each run: ``python -m tests.cluster.scaling``.

Runs are replaced by equal sleeps, on 1, 2 and 4 slots that claim to be GPUs. The bar is 2 % of a run of one
minute, that is 1.2 s a run.
"""

import argparse
import tempfile
import time
from pathlib import Path

from selfsup_segmentation.experiments.executors import ray, ray_cluster
from selfsup_segmentation.experiments.executors.ray_task import Job
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.records.store import Store
from tests.cluster.sleeping import equal_runs, gpus, sleeper

BAR = 1.2  # seconds a run


def drive(runs, seconds, folder):
    """Seconds that the cluster of this process takes for runs that sleep."""
    store, lines, started = Store(folder), [], time.monotonic()
    job = Job((store.root,), {}, Options(), None)
    ray.drive(runs, store, job, ray_cluster.Cluster(), lines.append, sleeper(seconds))
    assert sum("slept" in line for line in lines) == len(runs)
    return time.monotonic() - started


def measure(slots, runs_a_slot, seconds):
    """Seconds that a run takes longer than it sleeps."""
    runs = equal_runs(slots * runs_a_slot)
    with gpus(slots), tempfile.TemporaryDirectory() as folder:
        drive(runs[:slots], 0.0, Path(folder) / "warm")
        took = drive(runs, seconds, Path(folder) / "runs")
    return took / runs_a_slot - seconds, took


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="that a run sleeps (5)")
    parser.add_argument("--runs", type=int, default=6, help="a slot (6)")
    args = parser.parse_args()
    for slots in (1, 2, 4):
        overhead, took = measure(slots, args.runs, args.seconds)
        print(
            f"{slots} slots: {slots * args.runs} runs of {args.seconds:g} s in {took:.2f} s, "
            f"{overhead:.3f} s more a run (bar {BAR:g} s)"
        )


if __name__ == "__main__":
    main()
