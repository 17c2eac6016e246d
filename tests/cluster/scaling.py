"""What Ray and the executor add to each run: ``python -m tests.cluster.scaling``.

Runs are replaced by equal sleeps, on 1, 2 and 4 slots that claim to be GPUs. The bar is 2 % of a run of one
minute, that is 1.2 s a run.
"""

import argparse
import tempfile
from pathlib import Path

from tests.cluster.sleeping import drive, equal_runs, gpus

BAR = 1.2  # seconds a run


def measure(slots, runs_a_slot, seconds):
    """Seconds that a run takes longer than it sleeps."""
    runs = equal_runs(slots * runs_a_slot)
    with gpus(slots), tempfile.TemporaryDirectory() as folder:
        drive(runs[:slots], dict.fromkeys((run.folder for run in runs), 0.0), Path(folder) / "warm")
        took = drive(runs, dict.fromkeys((run.folder for run in runs), seconds), Path(folder) / "runs")
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
