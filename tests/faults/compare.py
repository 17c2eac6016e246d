"""Whether a run that came to harm ended where one ends that did not."""

import csv
import hashlib
import json

import numpy as np

CLOCK = "images_per_second"


def what_a_run_left(folder):
    """Everything of a finished run's folder that is not the clock's, dict by what it is."""
    metrics = json.loads((folder / "metrics.json").read_text())
    final = folder / "checkpoint" / "final"
    with np.load(folder / "statistics.npz") as arrays:
        statistics = {name: hashlib.sha256(arrays[name].tobytes()).hexdigest() for name in arrays}
    return {
        "state": metrics["state_sha256"],
        "headline": metrics["headline"],
        "results": metrics["results"],
        "best validation": metrics["best_validation_miou"],
        "history of metrics.json": [_timeless(row) for row in metrics["history"]],
        "history.csv": history(folder),
        "statistics.npz": statistics,
        "weights": {path.name: _digest(path) for path in sorted(final.glob("state*"))},
        "sums of the weights": json.loads((final / "SHA256.json").read_text()),
        "colors": json.loads((folder / "colors.json").read_text()),
        "fingerprint of the data": json.loads((folder / "run.json").read_text())["data"]["fingerprint"],
    }


def history(folder):
    """Rows of ``history.csv`` as they stand there, without the clock's column."""
    with (folder / "history.csv").open(newline="") as file:
        return [_timeless(row) for row in csv.DictReader(file)]


def assert_same(folder, reference, but=()):
    """Fail with the names of what differs from `what_a_run_left` of a run that nothing happened to.

    Args:
        folder: of a run.
        reference: what is expected.
        but: names of what is not compared.
    """
    left = what_a_run_left(folder)
    different = [name for name in reference if name not in but and left[name] != reference[name]]
    assert not different, f"differs from an undisturbed run: {', '.join(different)}"


def _timeless(row):
    return {name: value for name, value in row.items() if name != CLOCK}


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
