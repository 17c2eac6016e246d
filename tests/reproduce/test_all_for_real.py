"""``reproduce all`` with real, tiny runs: every verb to its end, nothing fabricated."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from experiments import catalog, readings
from experiments.run import Schedule
from experiments.store import Store
from reproduce import everything, inputs
from reproduce.__main__ import main

TINY = Schedule(epochs=1, size=(64, 32), statistics_batches=2, validate_every=0)


@pytest.fixture
def small(monkeypatch):
    """A few small scenes, one epoch, two weights of the grid, and a few of the other readings."""
    monkeypatch.setattr(
        inputs,
        "DEMO_SCENES",
        {"cityscapes": {"train": 4, "val": 3, "test": 1, "train_extra": 4}, "kitti": 10},
    )
    monkeypatch.setattr(inputs, "DEMO_SIZES", {"cityscapes": (128, 64), "kitti": (128, 64)})
    for layout in ("cityscapes", "coarse"):
        monkeypatch.setitem(catalog.SCHEDULES, (layout, "demo"), TINY)
    padded = dataclasses.replace(TINY, size=(128, 64))
    monkeypatch.setitem(catalog.SCHEDULES, ("kitti", "demo"), padded)
    monkeypatch.setattr(catalog, "GRID", (1.0, 100.0))
    for name in set(readings.CHOICES) - {
        "augment",
        "coarse_load",
        "color_stats",
        "uw_reset",
        "eval_resolution",
    }:
        monkeypatch.delitem(readings.CHOICES, name)
    monkeypatch.setattr(readings, "TRIED", {})
    text, verb, data, _ = everything.PARTS[-2]
    monkeypatch.setattr(
        everything, "PARTS", (*everything.PARTS[:-2], (text, verb, data, {"row": "SS"}), everything.PARTS[-1])
    )


@pytest.mark.slow
def test_everything_is_made_from_real_runs(small, tmp_path, capsys):
    options = ["--imagenet-weights", "none", "--progress", "none", "--no-tensorboard"]
    code = main(["all", "--runs", str(tmp_path), *options])
    said = capsys.readouterr()
    assert code == 0, said.err
    folder = tmp_path / "tables"
    made = {path.name for path in folder.iterdir()}
    for stem in ("table1-scenes-demo", "table3-scenes-kitti-demo", "text-numbers-scenes-demo"):
        table = json.loads((folder / f"{stem}.json").read_text())
        rows = [row["CoarseCTS"] for row in table["cells"].values() if "CoarseCTS" in row]
        ours = [cell for row in rows for cell in row.values()]
        assert all(cell["ours"] is not None for cell in ours if cell["status"] != "n/a")
    for stem in ("figure2-scenes-demo", "figure3-scenes-demo", "figure4-scenes-kitti-demo"):
        assert {f"{stem}.png", f"{stem}.pdf", f"{stem}.json"} <= made
        assert np.asarray(Image.open(folder / f"{stem}.png")).std() > 10
    assert "Not made" not in (folder / "index.html").read_text()
    store = Store(tmp_path)
    for run in catalog.grid_search_runs("scenes-demo", "CoarseCTS"):
        assert store.metrics(run) is not None
