"""What is written while a run trains, and that none of it changes a number."""

import dataclasses
import io
import re

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.monitoring import callbacks
from selfsup_segmentation.experiments.monitoring.callbacks import EpochLine, RunBar, is_live
from selfsup_segmentation.experiments.monitoring.tensorboard import Waited
from selfsup_segmentation.experiments.records.store import Store
from tests.experiments.conftest import tiny_run
from tests.synthetic import QUIET


@pytest.fixture(scope="module")
def watched(library, tmp_path_factory):
    """A run that is watched in every way, and the same run that is watched in none."""
    folder = tmp_path_factory.mktemp("watched")
    seen = dataclasses.replace(QUIET, tensorboard=True, progress="bar")
    run = tiny_run(("seg", "color", "depth"), "DWA")
    stores = {"seen": Store(folder / "seen"), "plain": Store(folder / "plain")}
    for name, options in {"seen": seen, "plain": QUIET}.items():
        assert execute(run, stores[name], library, options)
    return run, stores


def test_a_watched_run_ends_with_the_same_state_and_numbers_to_the_bit(watched):
    run, stores = watched
    seen, plain = (stores[name].metrics(run) for name in ("seen", "plain"))
    assert seen.state_sha256 == plain.state_sha256
    assert seen.evaluations == plain.evaluations
    for row, other in zip(seen.history, plain.history, strict=True):
        assert row | {"images_per_second": 0} == other | {"images_per_second": 0}
    assert not (stores["plain"].folder(run) / "tensorboard").exists()


def events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"images": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def test_tensorboard_has_the_losses_weights_rate_and_input_wait_of_each_epoch(watched):
    run, stores = watched
    home = stores["seen"].folder(run)
    history = stores["seen"].metrics(run).history
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
    run, stores = watched
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
    run, stores = watched
    found = events(stores["seen"].folder(run) / "tensorboard")
    metadata = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(metadata).session_start_info
    assert start.hparams["row"].string_value == "SS+C+D/DWA"
    assert start.hparams["seed"].number_value == 0
    (miou,) = found.Tensors("sem_miou")
    recorded = stores["seen"].metrics(run).headline["sem_miou"]
    assert float(tf.make_ndarray(miou.tensor_proto)) == pytest.approx(recorded, rel=1e-6)


def run_callback(callback, epochs=2, steps=20, every=10, validated=float("nan")):
    """Drive a callback as the training loop does: a report every ten steps."""
    callback.set_params({"epochs": epochs, "steps": steps})
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for step in range(every - 1, steps, every):
            callback.on_train_batch_end(step, {"loss_seg": 1.5, "loss": 1.5})
        callback.on_epoch_end(epoch, {"loss_seg": 1.5, "images_per_second": 4.0, "val_sem_miou": validated})
    callback.on_train_end()


def test_the_bar_of_a_run_counts_images_and_shows_losses_and_validation(monkeypatch):
    monkeypatch.setattr(callbacks, "REWRITE_SECONDS", 0)
    monkeypatch.setenv("COLUMNS", "160")
    stream = io.StringIO()
    run_callback(RunBar(2, stream), validated=0.25)
    drawn = [text for text in re.split(r"[\r\n]", stream.getvalue()) if text]
    counts = [re.search(r"(\d+)/80", text)[1] for text in drawn]
    assert list(dict.fromkeys(counts)) == ["20", "40", "60", "80"]
    assert "epoch 1/2" in drawn[1] and "seg 1.5" in drawn[1]
    assert "epoch 2/2" in drawn[-1] and "80/80" in drawn[-1] and "100%" in drawn[-1]
    assert "mIoU 0.250 after epoch 1" in drawn[-1] and "mIoU" not in drawn[1]
    assert stream.getvalue().endswith("\n")  # the bar stays


def test_elsewhere_there_is_one_line_an_epoch_with_the_time_left():
    lines = []
    run_callback(EpochLine("r", 2, lines.append), epochs=3)
    assert len(lines) == 3
    assert lines[0].startswith("r: epoch 1/3 loss_seg 1.5")
    assert lines[0].endswith(", 00:20 left")  # two epochs of 40 images at 4 images/s
    assert "left" not in lines[2] and "nan" not in "".join(lines)


@pytest.mark.parametrize(
    ("choice", "live"), [("bar", True), ("lines", False), ("none", False), ("auto", False)]
)
def test_a_bar_is_for_terminals(choice, live):
    assert is_live(choice) is live  # the output of tests is no terminal


def test_one_knows_how_long_one_waited():
    def slowly():
        yield 1
        yield 2

    waited = Waited(slowly())
    assert waited.seconds == 0
    assert list(waited) == [1, 2]
    assert waited.seconds > 0
