"""Plans: what is left, and the hours that it takes."""

import json

import pytest

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.cli.plan import make_plan
from selfsup_segmentation.reproduce.cli.request import Request
from tests.refused import refused


def test_a_plan_starts_nothing_and_counts_the_steps(shown, tmp_path):
    output = shown("table1", "--plan")
    epochs = catalog.SCHEDULES["cityscapes", "demo"].epochs
    assert f"{2 * epochs} of {2 * epochs} steps left" in output
    assert output.count("steps left") == 22
    assert not list(tmp_path.rglob("run.json"))


def test_a_plan_for_programs_is_the_plan_for_people(shown):
    words = ["table1", "--plan", "--gpus", 2, "--tflops", 0.01]
    content, text = json.loads(shown(*words, "--json")), shown(*words)
    assert content["notes"] and content["notes"][0] in text
    assert all(run["folder"] in text for run in content["runs"])
    assert content["pflop_left"] == pytest.approx(sum(run["pflop_left"] for run in content["runs"]))
    assert content["hours"] == pytest.approx(content["pflop_left"] * 1e15 / (2 * 0.01e12 * 3600))
    assert f"{content['hours']:.3g} hours on 2 GPUs at 0.01 TFLOP/s each, given" in text
    folders = {run["folder"] for run in content["runs"]}
    assert {run["needs"] for run in content["runs"]} - {None} < folders


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--gpus", "2"], "--gpus is an option of --plan"),
        (["--tflops", "3"], "--tflops is an option of --plan"),
        (["--json"], "--json is an option of --plan"),
        (["--plan", "--devices", "2", "--gpus", "1"], "--gpus 1: fewer than the --devices"),
    ],
)
def test_options_that_contradict_each_other(options, reason, pristine, tmp_path, capsys):
    assert reason in refused(capsys, "table1", "--cityscapes", pristine, "--runs", tmp_path, *options)


def test_hours_at_an_unknown_speed_name_their_assumption(shown):
    assert "at 1 TFLOP/s each, assumed\nno epoch" in shown("table1", "--plan")
    assert "at 1 TFLOP/s each, given\n" in shown("table1", "--plan", "--tflops", 1)
    words = ["table1", "--plan", "--json"]
    assumed, given = (json.loads(shown(*words, *speed)) for speed in ((), ("--tflops", 1)))
    assert assumed == given | {"speed_is": "assumed"}


class Frames:
    """A data set of four frames."""

    def frames(self, split, split_seed):
        return range(4)


def test_the_speed_is_that_of_epochs_that_were_timed_here(tmp_path):
    store = Store(tmp_path)
    readings = [Readings(replicas=number) for number in (1, 2)]
    runs = [catalog.make_run("scenes-demo", ("seg",), "none", "random", 0, reading) for reading in readings]
    for run in runs:  # two steps an epoch; 8 images in 4 seconds on each
        folder = store.folder(run)
        folder.mkdir(parents=True)
        folder.joinpath("history.csv").write_text("epoch,images_per_second\n0,1\n1,0\n")
    plan = make_plan(runs, store, {"scenes-demo": Frames()}, Request("table1"))
    seconds, devices = 4 / 1, 1 + 2
    flops = 2 * 2 * flop_per_step(runs[0])
    assert plan.tflops == pytest.approx(flops / (seconds * devices) / 1e12)
    assert (plan.gpus, plan.speed_is) == (2, "measured here")
    assert [run.state for run in plan.runs] == ["under way"] * 2
    epochs = runs[0].schedule.epochs
    assert [(run.steps, run.steps_left) for run in plan.runs] == [(2 * epochs, 2 * epochs - 4)] * 2
