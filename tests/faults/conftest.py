"""A tiny data set, runs on it that nothing happens to, and the table of what happened to the others."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from selfsup_segmentation.data.scenes import write_cityscapes
from tests import narrow
from tests.faults.compare import what_a_run_left
from tests.faults.processes import ROW, STEPS, Life, command, make_context
from tests.faults.report import Entry, table
from tests.processes import Command

SECOND_ROW = "SS+D/UW"
ENTRIES, FAULT = pytest.StashKey(), "fault"


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
def new_life(context, scenes, tmp_path, request):
    """Makes a `Life` with a runs folder of its own; its processes end and its files go with the test."""
    lives = []

    def make(**options):
        lives.append(Life(context, scenes, tmp_path / f"life{len(lives)}", **options))
        return lives[-1]

    yield make
    for life in lives:
        life.end()
    for entry in request.node.stash.get(ENTRIES, []):
        entry.settle()
    shutil.rmtree(tmp_path)


@pytest.fixture
def life(new_life):
    """One `Life`."""
    return new_life()


@pytest.fixture
def record(request):
    """Enters a fault into the table; whether it was survived is whether the test passes."""

    def enter(fault):
        entry = Entry(fault)
        request.node.stash.setdefault(ENTRIES, []).append(entry)
        return entry

    return enter


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    entries = item.stash.get(ENTRIES, [])
    if report.passed and report.when == "call":
        for entry in entries:
            entry.survived = entry.injected
    elif call.excinfo and entries:
        sentence = str(call.excinfo.value).splitlines()[0]
        skipped = report.skipped and not hasattr(report, "wasxfail")
        # What came before it was survived so far, but the end was not seen.
        failed = next((entry for entry in entries if not entry.injected), entries[-1])
        failed.wrong = f"skipped: {sentence}" if skipped else f"WRONG: {sentence[:150]}"
    if report.when == "teardown":  # settled; this is how the process that prints the table hears of them
        report.user_properties += [(FAULT, entry.as_dict()) for entry in entries]
    return report


def pytest_configure(config):
    config.pluginmanager.register(Table())


class Table:
    """Prints the faults of all tests, in whichever processes these ran."""

    def __init__(self):
        self._by_file = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown":
            entries = [Entry(**fields) for name, fields in report.user_properties if name == FAULT]
            self._by_file.setdefault(report.location[0], []).extend(entries)

    def pytest_terminal_summary(self, terminalreporter):
        entries = [entry for file in sorted(self._by_file) for entry in self._by_file[file]]
        if entries:
            terminalreporter.section(f"faults; a run has {STEPS} steps")
            for line in table(entries):
                terminalreporter.write_line(line)
