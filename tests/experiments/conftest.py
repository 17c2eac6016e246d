"""A tiny data set of embedded scenes and tiny runs on it, so that whole trainings take seconds."""

import dataclasses

import pytest

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.readings import DECLARED
from selfsup_segmentation.experiments.run import Schedule
from tests.narrow import narrow_network  # noqa: F401
from tests.synthetic import QUIET

TINY = Schedule(epochs=3, size=(64, 32), statistics_batches=4, validate_every=2)

# (name, value) of each reading of the paper's text for all values but the default; of numbers, for one.
ALTERNATIVES = [
    (name, value)
    for name, reading in DECLARED.items()
    if not reading.computing
    for value in reading.tries or catalog.GRID[:1]
    if value != reading.default
]


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """Source of 6 / 3 / 6 scenes of 128x64 in the layout of Cityscapes."""
    root = tmp_path_factory.mktemp("tiny scenes")
    write_cityscapes(root, {"train": 6, "val": 3, "train_extra": 6}, size=(128, 64), seed=5)
    return Source(CITYSCAPES, root)


@pytest.fixture(scope="session")
def library(scenes, tmp_path_factory):
    from selfsup_segmentation.experiments.datasets.library import Library

    return Library(scenes, tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True, scope="module")
def network(request):
    """A narrow one, but in modules that ask for the real one by ``NETWORK = "real"``."""
    if getattr(request.module, "NETWORK", "narrow") == "narrow":
        request.getfixturevalue("narrow_network")


@pytest.fixture
def quiet():
    """Options without a line of output, and no ImageNet weights."""
    return QUIET


@pytest.fixture(autouse=True)
def tiny_schedules(monkeypatch):
    """Every run of the demo scale takes three epochs of three steps."""
    for layout in ("cityscapes", "coarse", "kitti"):
        monkeypatch.setitem(catalog.SCHEDULES, (layout, "demo"), TINY)


def tiny_run(tasks, weighting="none", init="random", seed=0, **schedule):
    """A run on the tiny scenes."""
    run = catalog.make_run("scenes-demo", tasks, weighting, init, seed)
    return dataclasses.replace(run, schedule=dataclasses.replace(TINY, **schedule), base=TINY)
