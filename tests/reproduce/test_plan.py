"""Plans: what is left, and the hours that it takes."""

import json

import pytest

from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.experiments.catalog import make_run
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.__main__ import main
from selfsup_segmentation.reproduce.cli.plan import make_plan
from selfsup_segmentation.reproduce.cli.request import Request


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    write_cityscapes(root, {"train": 4, "val": 1, "train_extra": 2}, size=(128, 64), seed=1)
    return root


@pytest.fixture
def plan(scenes, tmp_path, capsys):
    """Function of options that returns what ``--plan`` prints of Table 1."""

    def plan(*words):
        runs = tmp_path / "runs"
        assert main(["table1", "--cityscapes", str(scenes), "--runs", str(runs), "--plan", *words]) == 0
        return capsys.readouterr().out

    return plan


def test_a_plan_for_programs_is_the_plan_for_people(plan):
    content = json.loads(plan("--gpus", "2", "--tflops", "0.01", "--json"))
    said = plan("--gpus", "2", "--tflops", "0.01")
    assert content["notes"] and content["notes"][0] in said
    assert all(run["folder"] in said for run in content["runs"])
    assert content["pflop_left"] == pytest.approx(sum(run["pflop_left"] for run in content["runs"]))
    assert content["hours"] == pytest.approx(content["pflop_left"] * 1e15 / (2 * 0.01e12 * 3600))
    assert f"{content['hours']:.3g} hours on 2 GPUs at 0.01 TFLOP/s each, given" in said
    folders = {run["folder"] for run in content["runs"]}
    assert {run["needs"] for run in content["runs"]} - {None} < folders


@pytest.mark.parametrize("option", [("--gpus", "2"), ("--tflops", "3"), ("--json",)])
def test_options_of_a_plan_start_no_run(option, scenes, tmp_path, capsys):
    assert main(["table1", "--cityscapes", str(scenes), "--runs", str(tmp_path), *option]) == 2
    assert f"{option[0]} is an option of --plan" in capsys.readouterr().err


def test_hours_of_an_unknown_speed_say_what_they_assume(plan):
    assert "at 1 TFLOP/s each, assumed\nno epoch" in plan()
    assert "at 1 TFLOP/s each, given\n" in plan("--tflops", "1")
    assumed, given = (json.loads(plan("--json", *more)) for more in ((), ("--tflops", "1")))
    assert assumed == given | {"speed_is": "assumed"}


class Frames:
    """A data set of four frames."""

    def frames(self, split, split_seed):
        return range(4)


def test_the_speed_is_that_of_epochs_that_were_timed_here(tmp_path):
    store = Store(tmp_path)
    runs = [make_run("scenes-demo", ("seg",), "none", "random", 0, Readings(replicas=n)) for n in (1, 2)]
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


def test_more_devices_than_gpus_are_refused(tmp_path, scenes, capsys):
    words = ["table1", "--cityscapes", str(scenes), "--runs", str(tmp_path), "--plan"]
    assert main([*words, "--devices", "2", "--gpus", "1"]) == 2
    assert "--gpus 1: fewer than the --devices" in capsys.readouterr().err
