"""What the executor of a cluster says of all runs; here the cluster is made up, and so is its clock."""

import contextlib
import functools
import io
import types

import pytest

from selfsup_segmentation.experiments.executors.ray_task import Job, Outcome
from selfsup_segmentation.experiments.monitoring.progress import LiveLine
from selfsup_segmentation.experiments.monitoring.time_left import Countdown, Paces, duration
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.records.lock import only_one
from selfsup_segmentation.experiments.records.store import Store, write_json
from tests.cluster.sleeping import equal_runs

pytest.importorskip("ray", reason="ray is not installed: pip install '.[cluster]'")
pytestmark = pytest.mark.cluster

EPOCH = 60.0  # seconds


class MadeUp:
    """In place of the module ``ray``: nodes with a CPU each, on which a run ends an epoch at every look."""

    def __init__(self, store, nodes):
        self.store, self._nodes = store, nodes
        self.now, self._given, self._running = 0.0, [], {}

    def nodes(self):
        return [{"Alive": True, "Resources": {"CPU": 1.0}}] * self._nodes

    def cluster_resources(self):
        return {"CPU": float(self._nodes)}

    def remote(self, **options):
        return lambda work: self

    def options(self, **options):
        return types.SimpleNamespace(remote=self._give)

    def _give(self, job, run, needed):
        self._given.append(run)
        return run.folder

    def wait(self, references, timeout, num_returns=1):
        self.now += EPOCH
        over = [run for run in self._running if self._end_epoch(run)]
        for run in over:
            self._running.pop(run).close()
        for run in self._given[: self._nodes - len(self._running)]:
            self._begin(run)
        return [run.folder for run in over], []

    def _begin(self, run):
        self._given.remove(run)
        self._running[run] = contextlib.ExitStack()
        folder = self.store.folder(run)
        self._running[run].enter_context(only_one(folder))
        write_json(folder / "run.json", run.to_dict() | {"data": {"train_frames": 20}, "sessions": [{}]})
        (folder / "history.csv").write_text("epoch,loss\n")

    def _end_epoch(self, run):
        folder, epochs = self.store.folder(run), run.schedule.epochs
        done = len((folder / "history.csv").read_text().splitlines()) - 1
        with (folder / "history.csv").open("a") as file:
            file.write(f"{done},1.0\n")
        if done + 1 == epochs:
            write_json(folder / "metrics.json", {"session_seconds": epochs * EPOCH})
        return done + 1 == epochs

    def get(self, reference):
        return Outcome("trained")

    def cancel(self, reference):
        raise AssertionError("nothing is under way")


def carry_out(monkeypatch, store, runs, nodes, line):
    """Lines that are said while made-up nodes carry out runs."""
    from selfsup_segmentation.experiments.executors import ray, ray_cluster

    made_up, said = MadeUp(store, nodes), []
    monkeypatch.setattr(ray, "ray", made_up)
    monkeypatch.setattr(ray_cluster, "ray", made_up)
    for kind in (Paces, Countdown):
        monkeypatch.setattr(ray, kind.__name__, functools.partial(kind, clock=lambda: made_up.now))
    job = Job((store.root,), {}, Options(), None)
    ray.see_through(runs, store, job, ray_cluster.Cluster(), said.append, known=runs, line=line)
    return said


def test_a_line_says_how_far_all_runs_are_and_how_long_they_take(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "120")
    store, runs, stream = Store(tmp_path), equal_runs(4), io.StringIO()
    epochs = runs[0].schedule.epochs
    said = carry_out(monkeypatch, store, runs, 2, LiveLine(stream))
    shown = [text for text in stream.getvalue().split("\r\x1b[K") if text]
    assert shown[0] == shown[1] == "  0 of 4 runs done, 2 under way"  # no pace yet
    left = [duration((2 * epochs - done) * EPOCH) for done in range(2, epochs)]
    assert shown[2:epochs] == [f"  0 of 4 runs done, 2 under way, all in about {time}" for time in left]
    assert shown[epochs] == f"  2 of 4 runs done, 2 under way, all in about {duration(epochs * EPOCH)}"
    assert stream.getvalue().endswith("\r\x1b[K")  # nothing stays of it
    ends = [text for text in said if text.startswith("[")]
    assert ends[1] == f"[2/4] {runs[1]}: trained; all in about {duration(epochs * EPOCH)}"
    assert ends[3] == f"[4/4] {runs[3]}: trained"


def test_where_there_is_no_terminal_nothing_is_rewritten(monkeypatch, tmp_path, capsys):
    store, runs = Store(tmp_path), equal_runs(2)
    said = carry_out(monkeypatch, store, runs, 1, None)
    assert capsys.readouterr().out == ""
    assert not any("\r" in text or "under way" in text for text in said)


def test_slots_are_what_the_nodes_have_room_for(monkeypatch):
    from selfsup_segmentation.experiments.executors import ray_cluster

    nodes = [{"CPU": 8.0, "GPU": 4.0}, {"CPU": 2.0, "GPU": 4.0}, {"CPU": 64.0}]
    alive = [{"Alive": True, "Resources": resources} for resources in nodes]
    dead = {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}}
    monkeypatch.setattr(ray_cluster, "ray", types.SimpleNamespace(nodes=lambda: [*alive, dead]))
    assert ray_cluster.slots([(1, 1)] * 5) == 4 + 2
    assert ray_cluster.slots([(1, 0.5), (1, 0.5)]) == 8 + 2
    assert ray_cluster.slots([(1, 1), (2, 2)]) == 2 + 1
    assert ray_cluster.slots([(1, 0)]) == 8 + 2 + 64
    assert ray_cluster.slots([(128, 0)]) == 1  # none now; one comes back, or the command waits
