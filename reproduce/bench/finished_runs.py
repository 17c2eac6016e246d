"""A runs folder as the tables find it after weeks: many finished runs, copied from one that was trained."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.fingerprint import fingerprint
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.records.json_files import read_record, write_json
from selfsup_segmentation.experiments.records.results import Results, headline
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.bench.worker import WorkerError

Record = dict[str, Any]


def train_one(source: Source, runs: Path) -> tuple[Record, Results]:
    """Train and evaluate a run of all three tasks for an epoch.

    Args:
        source: its data.
        runs: where its files go.

    Returns:
        What its ``run.json`` and its ``metrics.json`` say.
    """
    command = [
        sys.executable,
        "-m",
        "selfsup_segmentation.reproduce",
        "train",
        "--cityscapes",
        str(source.root),
    ]
    command += ["--runs", str(runs), "--row", "SS+C+D/GS", "--epochs", "1", "--size", "64x32"]
    done = subprocess.run([*command, "--no-tensorboard"], capture_output=True, text=True)
    if done.returncode:
        raise WorkerError(f"reproduce train ended with {done.returncode}: {done.stderr.strip()}")
    folder = next(runs.rglob("metrics.json")).parent
    return read_record(folder, "run.json"), Results.read(folder)


def fill_store(
    runs: Path, source: Source, number: int, images: int, described: Record, metrics: Results
) -> tuple[list[int], int]:
    """Give at least so many runs of Table 1 at demo scale the results of one run, each for its tasks.

    Args:
        runs: the runs folder.
        source: data of the runs.
        number: of finished runs, at least.
        images: that each result is to list; the run's own are repeated under other names.
        described, metrics: of a run of all three tasks on that data.

    Returns:
        ``(seeds, runs)``: seeds of the table, and how many runs are finished.
    """
    dataset = catalog.dataset_label(source.name, "demo")
    seeds = list(range(-(-number // len(catalog.table1_runs(dataset)))))
    every, store = catalog.table1_runs(dataset, seeds), Store(runs)
    for run in every:
        evaluations = {
            kind: {task: _with_images(results[task], images) for task in run.tasks}
            for kind, results in metrics.evaluations.items()
        }
        numbers = headline(evaluations, run.readings)
        data = described["data"] | {"fingerprint": fingerprint(run, source.frames)}
        write_json(store.folder(run) / "run.json", described | run.to_dict() | {"data": data})
        dataclasses.replace(metrics, evaluations=evaluations, headline=numbers).write(store.folder(run))
    return seeds, len(every)


def _with_images(result, images):
    if not getattr(result, "by_image", None):
        return result
    values = list(result.by_image.values())
    by_image = {f"frame_{i:06d}": values[i % len(values)] for i in range(images)}
    return dataclasses.replace(result, by_image=by_image)
