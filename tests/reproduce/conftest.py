"""Scenes, runs that were trained for a moment, and the command line on them."""

import pytest

from selfsup_segmentation.data.scenes import write_cityscapes
from tests.narrow import narrow, narrow_network  # noqa: F401
from tests.refused import reproduce


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    """A data set that no test changes."""
    root = tmp_path_factory.mktemp("scenes")
    write_cityscapes(root, {"train": 4, "val": 2, "train_extra": 3}, size=(128, 64), seed=1)
    return root


@pytest.fixture
def shown(pristine, tmp_path, capsys):
    """Function of a verb and options that returns its standard output, for the runs in ``tmp_path``."""

    def shown(verb, *options):
        assert reproduce(verb, "--cityscapes", pristine, "--runs", tmp_path, *options) == 0
        return capsys.readouterr().out

    return shown


def train_for_a_moment(root, row, *more):
    """Directory of a finished run of two steps at 64x32, on four scenes below ``root``."""
    scenes = root / "scenes"
    if not scenes.exists():
        write_cityscapes(scenes, {"train": 4, "val": 2}, size=(128, 64), seed=1)
    words = ["train", "--cityscapes", scenes, "--runs", root / "runs", "--row", row, "--epochs", 1]
    assert reproduce(*words, "--size", "64x32", "--progress", "none", "--no-tensorboard", *more) == 0
    return max((root / "runs").rglob("metrics.json"), key=lambda path: path.stat().st_mtime_ns).parent


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Directory of a finished run of a narrow network; its data is beside the runs folder, in ``scenes``."""
    with narrow():
        return train_for_a_moment(tmp_path_factory.mktemp("trained"), "SS+C+D/GS")
