"""Table 1 on a Ray cluster that loses a node, a worker and the process that the user started."""

import csv
import re
import signal

import pytest

from selfsup_segmentation.experiments.records.lock import holder
from tests.cluster.nodes import kill_node, owner, parent_of
from tests.faults.compare import assert_same, what_a_run_left
from tests.processes import Command, until

EPOCHS = 8


def folders(runs):
    """Folders of the runs by their place below the runs folder."""
    found = sorted(runs.glob("scenes-demo/*/*/seed0"))
    return {folder.relative_to(runs): folder for folder in found}


def epochs(folder):
    history = folder / "history.csv"
    return len(history.read_text().splitlines()) - 1 if history.exists() else 0


def under_way(runs):
    """Folder of a run that is initialized from CoarseCTS and is in its middle, or None."""
    found = (folder for place, folder in folders(runs).items() if place.parts[1] != "CoarseCTS")
    return next((f for f in found if 2 <= epochs(f) < EPOCHS - 2 and holder(f)), None)


def test_a_table_survives_the_loss_of_a_node_and_of_the_driver(table, sequential, cluster, tmp_path, capsys):
    runs = tmp_path / "runs"
    on_it = ("--executor", "ray", "--ray-address", cluster.address, "--checkpoint-minutes", "0.0001")
    words = table(runs, *on_it, "--cache", tmp_path / "cache")

    driver = Command(tmp_path / "first", *words)
    victim = driver.until(lambda: under_way(runs), "a run was in its middle")
    worker = owner(victim)
    raylet = parent_of(worker)
    kill_node(cluster, raylet)
    driver.until(lambda: owner(victim) not in (None, worker), "another node took the run over")
    assert parent_of(owner(victim)) != raylet

    driver.until(lambda: under_way(runs), "a run was in its middle again")
    driver.kill(signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    finished = {path: path.stat().st_mtime_ns for path in runs.glob("*/*/*/*/metrics.json")}
    assert len(finished) < len(folders(sequential)), "all was done before the driver was killed"

    again = Command(tmp_path / "second", *words)
    assert again.wait() == 0, again.err
    assert "Traceback" not in again.err + driver.err

    places = folders(sequential)
    assert folders(runs).keys() == places.keys()
    for place, folder in folders(runs).items():
        assert_same(folder, what_a_run_left(places[place]))
        ends = re.findall(rf"epoch {EPOCHS}/{EPOCHS}", (folder / "ray.log").read_text())
        assert len(ends) == 1, f"{place} came to its end {len(ends)} times"
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert tables(runs) == tables(sequential)
    with capsys.disabled():
        print_redone(runs)


def tables(runs):
    """Rows of the table's CSV files by name."""
    found = {path.name: path for path in (runs / "tables").glob("*.csv")}
    assert found
    return {name: list(csv.reader(path.read_text().splitlines())) for name, path in found.items()}


def print_redone(runs):
    """How many epochs were logged twice: the price of a kill."""
    logged = sum(len(re.findall(r": epoch \d+/", log.read_text())) for log in runs.rglob("ray.log"))
    needed = EPOCHS * len(folders(runs))
    print(f"\nnode and driver killed: {logged - needed} of {needed} epochs done again")


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGTERM, 75, marks=pytest.mark.slow), (signal.SIGINT, 130)]
)
def test_a_driver_that_is_asked_to_stop_has_the_runs_save_their_state(table, cluster, tmp_path, number, code):
    runs = tmp_path / "runs"
    words = table(runs, "--executor", "ray", "--ray-address", cluster.address, rows=["SSCoarseCTS"])
    driver = Command(tmp_path / "driver", *words)
    coarse = runs / "scenes-demo" / "CoarseCTS" / "random" / "seed0"
    driver.until(lambda: 1 <= epochs(coarse) < EPOCHS - 1, "it trained")
    driver.kill(number)
    assert driver.wait() == code, driver.err
    assert "Traceback" not in driver.err
    until(lambda: holder(coarse) is None, "the worker let go of the run")
    saved = sorted((coarse / "checkpoint").glob("step-*"))[-1]
    assert 0 < int(saved.name[5:]) < 2 * EPOCHS
    assert epochs(coarse) * 2 <= int(saved.name[5:]) <= epochs(coarse) * 2 + 2
