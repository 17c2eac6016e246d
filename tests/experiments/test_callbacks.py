"""What is written while a run trains, and that none of it changes a number."""

import dataclasses
import io
import json
import re

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.executors.common import Progress
from selfsup_segmentation.experiments.monitoring.events import log_event
from selfsup_segmentation.experiments.monitoring.progress import EpochLine, Pace, RunLine
from selfsup_segmentation.experiments.monitoring.tensorboard import Waited
from selfsup_segmentation.experiments.monitoring.time_left import duration, seconds_left
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.records.store import Store, write_json
from tests.experiments.conftest import tiny_run

CLOCK = ("images_per_second",)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def watched(library, tmp_path_factory):
    """A run that is watched in every way, and the same run that is watched in none."""
    folder = tmp_path_factory.mktemp("watched")
    plain = Options(imagenet_weights="none", progress="none", tensorboard=False)
    seen = dataclasses.replace(plain, tensorboard=True, progress="bar", json_log=folder / "log.jsonl")
    run = tiny_run(("seg", "color", "depth"), "DWA")
    stores = {"seen": Store(folder / "seen"), "plain": Store(folder / "plain")}
    for name, options in {"seen": seen, "plain": plain}.items():
        assert execute(run, stores[name], library, options)
    return run, stores, folder / "log.jsonl"


def test_a_watched_run_ends_with_the_same_state_and_numbers_to_the_bit(watched):
    run, stores, _ = watched
    seen, plain = (stores[name].metrics(run) for name in ("seen", "plain"))
    assert seen["state_sha256"] == plain["state_sha256"]
    assert seen["results"] == plain["results"]
    histories = [
        [{k: v for k, v in row.items() if k not in CLOCK} for row in m["history"]] for m in (seen, plain)
    ]
    assert histories[0] == histories[1]
    assert not (stores["plain"].folder(run) / "tensorboard").exists()


def events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"images": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def test_tensorboard_has_the_losses_weights_rate_and_input_wait_of_each_epoch(watched):
    run, stores, _ = watched
    home = stores["seen"].folder(run)
    history = stores["seen"].metrics(run)["history"]
    found = events(home / "tensorboard" / "train")
    tags = set(found.Tags()["tensors"])
    for name in ("loss_seg", "loss_color", "loss_depth", "weight_seg", "weight_color", "weight_depth"):
        assert len(found.Tensors(f"epoch_{name}")) == len(history)
    assert {"epoch_learning_rate", "epoch_input_wait", "epoch_images_per_second"} <= tags
    waits = [float(tf.make_ndarray(event.tensor_proto)) for event in found.Tensors("epoch_input_wait")]
    assert all(0 <= wait <= 1 for wait in waits)
    losses = [float(tf.make_ndarray(event.tensor_proto)) for event in found.Tensors("epoch_loss_seg")]
    assert losses == pytest.approx([row["loss_seg"] for row in history], rel=1e-6)
    # Of three epochs the second alone is validated: there is no NaN to draw.
    validation = events(home / "tensorboard" / "validation")
    assert len(validation.Tensors("epoch_sem_miou")) == 1


def test_tensorboard_has_predictions_of_validation_images(watched):
    run, stores, _ = watched
    found = events(stores["seen"].folder(run) / "tensorboard" / "predictions")
    tags = found.Tags()["tensors"]
    kinds = [tag.split("/")[0] for tag in tags]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(
        ("image", "segmentation", "colorization", "disparity"), 3
    )
    width, height, png = found.Tensors(tags[0])[0].tensor_proto.string_val[:3]
    assert (int(width), int(height)) == run.schedule.size
    assert png.startswith(b"\x89PNG")


def test_hparams_say_which_run_it_is_and_what_came_out(watched):
    run, stores, _ = watched
    found = events(stores["seen"].folder(run) / "tensorboard")
    metadata = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(metadata).session_start_info
    assert start.hparams["row"].string_value == "SS+C+D/DWA"
    assert start.hparams["seed"].number_value == 0
    (miou,) = found.Tensors("sem_miou")
    recorded = stores["seen"].metrics(run)["headline"]["sem_miou"]
    assert float(tf.make_ndarray(miou.tensor_proto)) == pytest.approx(recorded, rel=1e-6)


def test_the_log_for_programs_tells_a_run_from_start_to_end(watched):
    run, stores, path = watched
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["run started", *["epoch"] * 3, "run finished"]
    assert all(line["run"] == run.folder for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line["time"]) for line in lines)
    metrics = stores["seen"].metrics(run)
    for line, row in zip(lines[1:-1], metrics["history"], strict=True):
        assert line["epoch"] == row["epoch"] + 1
        assert {key: line[key] for key in row if key != "epoch"} == pytest.approx(
            {key: value for key, value in row.items() if key != "epoch"}
        )
    assert lines[-1]["headline"] == metrics["headline"]


def test_the_log_names_the_reason_of_a_run_without_a_result(library, quiet, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "before"}\n')
    run = tiny_run(("seg",), init="ImageNet")
    assert execute(run, Store(tmp_path / "runs"), library, dataclasses.replace(quiet, json_log=path)) is None
    before, started, ended = (json.loads(line) for line in path.read_text().splitlines())
    assert before == {"event": "before"}
    assert started["event"] == "run started"
    assert ended["event"] == "no result"
    assert "no ImageNet weights" in ended["reason"]


def test_a_log_holds_no_number_that_json_lacks(tmp_path):
    log_event(tmp_path / "log", "epoch", val=float("nan"), losses={"seg": 1.5})
    (line,) = (tmp_path / "log").read_text().splitlines()
    content = json.loads(line, parse_constant=lambda name: pytest.fail(name))
    assert content["val"] is None
    assert content["losses"] == {"seg": 1.5}


def run_callback(callback, clock, epochs=2, steps=20, every=10, seconds=1.0, validated=None):
    """Drive a callback as the training does: a report every ten steps."""
    callback.set_params({"epochs": epochs, "steps": steps})
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for step in range(steps):
            clock.now += seconds
            if (step + 1) % every == 0:
                callback.on_train_batch_end(step, {"loss_seg": 1.5, "loss": 1.5})
        callback.on_epoch_end(epoch, {"loss_seg": 1.5, "val_sem_miou": validated or float("nan")})
    callback.on_train_end()


def test_the_line_of_a_run_says_how_far_it_is_how_fast_and_how_long_it_takes(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    clock, stream = Clock(), io.StringIO()
    run_callback(RunLine(2, stream, clock), clock, validated=0.25)
    lines = stream.getvalue().split("\r\x1b[K")
    assert lines[0] == ""
    assert lines[1] == "  epoch 1/2 step 10/20, seg 1.5 loss 1.5"  # no speed yet
    assert lines[2] == "  epoch 1/2 step 20/20, 20 s left, 2 images/s, seg 1.5 loss 1.5"
    assert lines[3].endswith("mIoU 0.250 after epoch 1")
    assert stream.getvalue().endswith("\n")
    assert stream.getvalue().count("\n") == 1


def test_the_line_is_no_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    clock, stream = Clock(), io.StringIO()
    run_callback(RunLine(2, stream, clock), clock)
    assert max(map(len, stream.getvalue().split("\r\x1b[K"))) <= 40


def test_the_line_is_not_rewritten_more_often_than_one_can_read():
    clock, stream = Clock(), io.StringIO()
    run_callback(RunLine(2, stream, clock), clock, epochs=1, steps=1000, seconds=0.001)
    assert stream.getvalue().count("\r") <= 7  # a second: every 0.2 s, and the last


def test_elsewhere_there_is_one_line_an_epoch():
    lines = []
    run_callback(EpochLine("r", lines.append), Clock(), epochs=3)
    assert len(lines) == 3
    assert lines[0].startswith("r: epoch 1/3 loss_seg 1.5")
    assert "nan" not in "".join(lines)


def test_the_time_left_counts_what_comes_between_epochs():
    clock = Clock()
    pace = Pace(10, 10, clock)
    assert pace.seconds_left(1) is None
    clock.now += 18.0  # nine steps of a second, and a validation of nine
    assert pace.seconds_left(10) == pytest.approx(180.0)


def test_one_knows_how_long_one_waited():
    def slowly():
        yield 1
        yield 2

    waited = Waited(slowly())
    assert waited.seconds == 0
    assert list(waited) == [1, 2]
    assert waited.seconds > 0


def finished(store, run, seconds, frames=20, sessions=1):
    described = run.to_dict() | {"data": {"train_frames": frames}, "sessions": [{}] * sessions}
    write_json(store.folder(run) / "run.json", described)
    if seconds is not None:
        write_json(store.folder(run) / "metrics.json", {"session_seconds": seconds})


def test_the_time_left_of_a_table_is_that_of_the_runs_which_are_finished(tmp_path):
    store = Store(tmp_path)
    runs = [run for run in catalog.table1_runs("scenes-demo", (0, 1, 2, 3)) if run.row == "SS"][:4]
    assert seconds_left(runs, store) is None
    finished(store, runs[0], 60.0)
    assert seconds_left(runs, store) == pytest.approx(180.0)
    assert seconds_left(runs, store, slots=3) == pytest.approx(60.0)
    finished(store, runs[1], 1.0, sessions=2)  # its last session alone
    assert seconds_left(runs, store) == pytest.approx(120.0)
    three_tasks = catalog.make_run("scenes-demo", ("seg", "color", "depth"), "GS", "ImageNet")
    assert seconds_left([*runs, three_tasks], store) > 120.0 + 60.0  # costs more than a single task
    finished(store, runs[2], 60.0)
    finished(store, runs[3], 60.0)
    assert seconds_left(runs, store) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99.4, "99 s"), (100, "2 min"), (5999, "100 min"), (6000, "1.7 h"), (200_000, "2.3 days")],
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text


def test_the_line_of_a_run_says_when_all_are_done():
    said, left = [], iter([None, 90.0])
    progress = Progress(3, said.append, lambda: next(left))
    for name in ("a", "b", "c"):
        progress.done(name, "0.5")
    assert said == ["[1/3] a: 0.5", "[2/3] b: 0.5; all in about 90 s", "[3/3] c: 0.5"]
