import dataclasses

import pytest

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments.catalog import make_run
from selfsup_segmentation.experiments.datasets.library import Library
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.records.store import Store

NETWORK = "real"


@pytest.mark.slow
def test_a_step_and_an_evaluation_at_the_size_of_cityscapes(tmp_path, quiet):
    """2048x1024 files, a 1024x512 network with all three tasks, batch 2, native evaluation."""
    root = tmp_path / "scenes"
    write_cityscapes(root, {"train": 2, "val": 1, "train_extra": 1}, size=(2048, 1024), seed=2)
    run = make_run("scenes-paper", ("seg", "color", "depth"), "UW", "random")
    assert run.schedule.size == (1024, 512)
    short = dataclasses.replace(run.schedule, epochs=1, statistics_batches=1, validate_every=0)
    run = dataclasses.replace(run, schedule=short)
    library = Library(Source(CITYSCAPES, root), tmp_path / "cache")
    metrics = execute(run, Store(tmp_path / "runs"), library, quiet)
    results = metrics.evaluations["per_input"]
    assert results["seg"].native.classes >= 10
    # 50 px of the native image leave out what is nearer than 10 m; of the network, nearly nothing.
    dropped = {unit: getattr(results["depth"], unit).dropped["cap"] for unit in ("disp_half", "disp_full")}
    assert dropped["disp_half"] < 0.05 < dropped["disp_full"]
    sizes = {path.stat().st_size for path in (tmp_path / "cache").glob("*.left.*.raw")}
    assert sizes == {1024 * 512 * 3}
