"""A tiny Table 1: what a sequential table makes of it, and a Ray cluster of nodes with a CPU each."""

import pytest

from selfsup_segmentation.data.scenes import write_cityscapes
from tests import narrow
from tests.processes import Command

ROWS = ("SSCoarseCTS", "SS+C/DWA")


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """Folder of 4 scenes to train on, 2 to validate and 4 to pre-train on, in the layout of Cityscapes."""
    root = tmp_path_factory.mktemp("scenes")
    write_cityscapes(root, {"train": 4, "val": 2, "test": 1, "train_extra": 4}, size=(128, 64), seed=5)
    return root


@pytest.fixture(scope="session")
def table(scenes):
    """Makes the command line of the table: the CoarseCTS pre-training, and two runs initialized from it."""

    def make(runs, *more, rows=ROWS):
        words = ["table1", "--cityscapes", scenes, "--runs", runs, "--rows", *rows, "--init", "CoarseCTS"]
        return [*words, "--imagenet-weights", "none", "--progress", "none", "--no-tensorboard", *more]

    return make


@pytest.fixture(scope="session")
def sequential(table, tmp_path_factory):
    """Runs folder of the table that one process made, one run after the other."""
    home = tmp_path_factory.mktemp("sequential")
    command = Command(home / "table", *table(home / "runs"), **narrow.ENVIRONMENT)
    assert command.wait() == 0, command.err
    return home / "runs"


@pytest.fixture(scope="session")
def cluster():
    """A Ray cluster: a head that takes no runs, and three nodes that take one each."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in narrow.ENVIRONMENT.items():
            patch.setenv(name, value)  # the nodes, and so their workers, have it
        started = Cluster(initialize_head=True, connect=False, head_node_args={"num_cpus": 0, **SMALL})
        for _ in range(3):
            started.add_node(num_cpus=1, **SMALL)
    try:
        yield started
    finally:
        started.shutdown()


SMALL = {"object_store_memory": 80 << 20, "include_dashboard": False}
