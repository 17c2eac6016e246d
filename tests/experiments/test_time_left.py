"""How long runs still take that are under way in other processes, and the line that says so."""

import io

import pytest

from selfsup_segmentation.experiments.catalog import dependency, make_run
from selfsup_segmentation.experiments.monitoring.progress import LiveLine, is_live
from selfsup_segmentation.experiments.monitoring.time_left import Countdown, Paces, seconds_left
from selfsup_segmentation.experiments.records.store import Store, write_json


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def equal_runs(count):
    """Runs of three epochs, see `tests.experiments.conftest.TINY`."""
    return [make_run("scenes-demo", ("seg",), "none", "random", seed) for seed in range(count)]


def begin(store, run, seconds=None):
    """As if a run had begun, or taken some seconds from start to end."""
    described = run.to_dict() | {"data": {"train_frames": 20}, "sessions": [{}]}
    write_json(store.folder(run) / "run.json", described)
    if seconds is not None:
        write_json(store.folder(run) / "metrics.json", {"session_seconds": seconds})


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def paces(clock):
    return Paces(clock)


def look(paces, clock, run, *moments):
    """Look at a run at some seconds after now: (seconds, epochs done)."""
    start = clock.now
    for seconds, epochs in moments:
        clock.now = start + seconds
        paces.look(run, epochs)


def test_the_pace_of_a_run_is_that_between_ends_of_its_epochs(paces, clock):
    (run,) = equal_runs(1)
    look(paces, clock, run, (0, 0), (37, 0), (90, 1))  # it began with start-up, and the look fell anywhere
    assert paces.measured(run) == (0, 0.0)
    look(paces, clock, run, (20, 1), (60, 2))
    assert paces.measured(run) == (1, 60.0)
    assert paces.seconds_left(run, 1e9) == 60.0
    clock.now += 25
    assert paces.seconds_left(run, 1e9) == 35.0
    clock.now += 100  # slower than before, or being evaluated
    assert paces.seconds_left(run, 1e9) == 0.0


def test_a_run_that_goes_on_elsewhere_from_an_earlier_state_is_measured_anew(paces, clock):
    (run,) = equal_runs(1)
    look(paces, clock, run, (0, 0), (10, 1), (20, 2), (50, 1), (90, 2))
    assert paces.measured(run) == (0, 0.0)
    paces.forget(run)
    paces.forget(run)
    assert paces.seconds_left(run, 300.0) == 300.0


def test_before_a_run_has_a_pace_it_goes_on_as_others_did(paces, clock):
    (run,) = equal_runs(1)
    look(paces, clock, run, (0, 1), (30, 1))
    assert paces.seconds_left(run, 300.0) == pytest.approx(200.0 - 30.0)


def test_runs_under_way_tell_the_speed_while_nothing_is_finished(tmp_path, paces, clock):
    store, runs = Store(tmp_path), equal_runs(4)
    begin(store, runs[2])
    assert seconds_left(runs, store, 1, paces) is None
    look(paces, clock, runs[2], (0, 0), (10, 1))
    assert seconds_left(runs, store, 1, paces) is None
    look(paces, clock, runs[2], (60, 2))
    assert seconds_left(runs, store, 1, paces) == pytest.approx(60.0 + 3 * 180.0)
    assert seconds_left(runs, store, 2, paces) == pytest.approx(60.0 + 180.0 + 120.0)


def test_finished_runs_tell_the_speed_of_those_to_come(tmp_path, paces, clock):
    store, runs = Store(tmp_path), equal_runs(3)
    begin(store, runs[0], 300.0)
    begin(store, runs[1])
    look(paces, clock, runs[1], (0, 0), (10, 1), (70, 2))
    assert seconds_left(runs, store, 1, paces) == pytest.approx(60.0 + 300.0)
    assert seconds_left(runs, store, 2, paces) == pytest.approx(300.0)


def test_neither_the_last_run_nor_a_chain_ends_sooner_on_more_slots(tmp_path):
    store, (first, other) = Store(tmp_path), equal_runs(2)
    begin(store, first, 60.0)
    assert seconds_left([first, other], store, slots=8) == pytest.approx(60.0)
    second = make_run("scenes-demo", ("seg",), "none", "CoarseCTS")
    both = [dependency(second), second]
    alone = [seconds_left([first, run], store, slots=8) for run in both]
    assert seconds_left([first, *both], store, slots=8) == pytest.approx(sum(alone))


def test_other_lines_take_the_place_of_the_line_until_it_is_shown_again(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream, said = io.StringIO(), []
    line = LiveLine(stream)
    report = line.above(lambda text: said.append((text, stream.getvalue())))
    line.show("x" * 50)
    report("done")
    line.show("again")
    assert said == [("done", f"\r\x1b[K{'x' * 19}\r\x1b[K")]
    assert stream.getvalue().endswith("\r\x1b[Kagain")


@pytest.mark.parametrize(
    ("progress", "terminal", "live"),
    [("auto", True, True), ("auto", False, False), ("bar", False, True), ("lines", True, False)],
)
def test_a_line_is_rewritten_on_a_terminal_alone(monkeypatch, progress, terminal, live):
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    assert is_live(progress) == live


def test_between_events_time_left_is_counted_down(clock):
    worked_out = []

    def work_out():
        worked_out.append(clock.now)
        return 100.0 if len(worked_out) == 1 else None

    left = Countdown(work_out, clock)
    assert left() == 100.0
    clock.now += 30
    assert left() == 70.0
    clock.now += 100
    assert left() == 0.0
    assert len(worked_out) == 1
    left.renew()
    assert left() is left() is None
    assert len(worked_out) == 2
