"""A tiny data set, undisturbed runs on it, and the table of the faults of the others."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from selfsup_segmentation.data.scenes import write_cityscapes
from tests import narrow
from tests.faults.compare import what_a_run_left
from tests.faults.processes import ROW, STEPS, Life, command, make_context
from tests.narrow import narrow_network  # noqa: F401
from tests.processes import Command

SECOND_ROW = "SS+D/UW"
FAULT = "fault"


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """Folder of 4 scenes to train on and 2 to validate, in the layout of Cityscapes."""
    root = tmp_path_factory.mktemp("scenes")
    write_cityscapes(root, {"train": 4, "val": 2, "test": 1, "train_extra": 1}, size=(128, 64), seed=5)
    return root


@pytest.fixture(scope="session")
def undisturbed(scenes, tmp_path_factory):
    """Folders of two finished runs by row, each made in one go by the command line itself."""

    def make(row):
        life = Life(None, scenes, tmp_path_factory.mktemp("undisturbed"), row=row)
        home = tmp_path_factory.mktemp("command")
        done = Command(home / "train", *command(scenes, life.runs, row=row), script=narrow.SCRIPT)
        assert done.wait() == 0, done.why
        return life.folder

    rows = (ROW, SECOND_ROW)
    with ThreadPoolExecutor() as pool:
        return dict(zip(rows, pool.map(make, rows), strict=True))


@pytest.fixture(scope="session")
def reference(undisturbed):
    """What the undisturbed run left; its weights were weighted by its losses, so that their state counts."""
    left = what_a_run_left(undisturbed[ROW])
    rows = left["history.csv"]
    assert rows[-1]["weight_seg"] != rows[0]["weight_seg"], "the weighting has no state that could be lost"
    assert rows[-1]["val_sem_miou"] not in ("", "nan"), "nothing is validated in training"
    return left


@pytest.fixture(scope="session")
def context():
    """Makes processes."""
    return make_context()


@pytest.fixture
def new_life(context, scenes, tmp_path):
    """Makes a `Life` with a runs folder of its own; its processes and files are removed after the test."""
    lives = []

    def make(**options):
        lives.append(Life(context, scenes, tmp_path / f"life{len(lives)}", **options))
        return lives[-1]

    yield make
    for life in lives:
        life.end()
    shutil.rmtree(tmp_path)


@pytest.fixture
def life(new_life):
    """One `Life`."""
    return new_life()


@pytest.fixture
def happened(new_life, record_property):
    """Function of (fault, life, process) that enters a fault, once the test has seen it, into the table."""
    faults = []
    yield lambda fault, life=None, process=None: faults.append((fault, life, process))
    for fault, life, process in faults:
        record_property(FAULT, (fault, 0 if process is None else life.lost(process)))


def pytest_configure(config):
    config.pluginmanager.register(Table())


class Table:
    """Prints how often each fault was injected and survived, and how many steps were repeated."""

    def __init__(self):
        self._passed, self._faults = set(), {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            self._passed.add(report.nodeid)
        if report.when == "teardown":
            for fault, lost in [value for name, value in report.user_properties if name == FAULT]:
                counts = (1, int(report.nodeid in self._passed), lost)
                self._faults.setdefault(report.location[0], []).append((fault, *counts))

    def pytest_terminal_summary(self, terminalreporter):
        rows = [row for file in sorted(self._faults) for row in self._faults[file]]
        totals = {}
        for fault, *counts in [*rows, *(("all", *row[1:]) for row in rows)]:
            totals[fault] = np.add(totals.get(fault, 0), counts)
        if totals:
            terminalreporter.section(f"faults: injected, survived, steps repeated; a run has {STEPS} steps")
            for fault, counts in totals.items():
                terminalreporter.write_line(f"{fault:70s}" + "".join(f"{count:4d}" for count in counts))
