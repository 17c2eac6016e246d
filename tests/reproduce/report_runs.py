"""Runs of Table 1 that look finished and have everything that a report draws: curves, classes, sessions."""

import math
import random

from selfsup_segmentation.data.labels import CLASS_NAMES
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.tasks.miou import IoU
from selfsup_segmentation.experiments.tasks.segmentation import SegmentationResult
from tests.synthetic import KINDS, evaluation, write_finished

ABSENT = "train"
"""A class without a pixel in the validation images."""


def finish_table1(store, seeds=(0,), label="scenes-demo", epochs=20, without=()):
    """Write synthetic results of all runs of Table 1 and of the single tasks.

    Args:
        store: `experiments.records.store.Store`.
        seeds, label: of the runs.
        epochs: that each history has.
        without: folders of runs that stay unfinished.

    Returns:
        The runs.
    """
    runs = [*catalog.table1_runs(label, seeds), *catalog.single_task_runs(label, seeds)]
    for run in runs:
        if run.folder not in without:
            finish(store, run, epochs)
    return runs


def finish(store, run, epochs=20):
    """Write synthetic results of a run; the same for the same run."""
    rng = random.Random(run.folder)
    per_class = {name: rng.uniform(0.05, 0.95) for name in CLASS_NAMES} | {ABSENT: None}
    iou = IoU(sum(filter(None, per_class.values())) / 18, 18, per_class)
    results = evaluation(run.tasks, color=rng.uniform(0.3, 0.5), depth=rng.uniform(0.2, 3.0))
    if "seg" in results:
        results["seg"] = SegmentationResult(iou, iou, interval=(iou.miou - 0.02, iou.miou + 0.02))
    history = [_epoch(run, epoch, epochs, rng) for epoch in range(epochs)]
    write_finished(store, run, dict.fromkeys(KINDS, results), history=history)


def _epoch(run, epoch, epochs, rng):
    """A row of the history; validated every fifth epoch."""
    start = {"seg": 2.0, "color": 1.2, "depth": 0.01}
    fallen = {task: math.exp(-3 * epoch / epochs) * rng.uniform(0.9, 1.1) for task in run.tasks}
    losses = {f"loss_{task}": start[task] * share for task, share in fallen.items()}
    weights = {task: run.weights.get(task, 1.0) for task in run.tasks}
    if run.weighting in ("UW", "DWA"):
        weights = {task: weight / (0.1 + fallen[task]) for task, weight in weights.items()}
    validated = 0.6 * epoch / epochs if (epoch + 1) % 5 == 0 else None
    return {
        "epoch": float(epoch),
        **losses,
        **{f"weight_{task}": weight for task, weight in weights.items()},
        "loss": sum(losses.values()),
        "images_per_second": rng.uniform(2.0, 2.4),
        "learning_rate": run.schedule.learning_rate / (10 if "DWA" in run.row and 2 * epoch >= epochs else 1),
        "val_sem_miou": validated if "seg" in run.tasks else None,
    }
