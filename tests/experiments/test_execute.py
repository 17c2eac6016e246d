import contextlib
import dataclasses
import itertools
import json
import math
import os

import numpy as np
import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI
from selfsup_segmentation.data.scenes import write_cityscapes, write_kitti
from selfsup_segmentation.experiments.catalog import coarse_run, make_run
from selfsup_segmentation.experiments.datasets.library import Library
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.executors.local import run_all
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.readings import AT_EVALUATION, DECLARED, Readings
from selfsup_segmentation.experiments.records.json_files import read_json
from selfsup_segmentation.experiments.records.lock import only_one
from selfsup_segmentation.experiments.records.results import Results, headline, headline_names
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.training.loop import Training
from selfsup_segmentation.experiments.training.network import (
    build_model,
    initialize,
    load_model,
    read_colors,
)
from selfsup_segmentation.experiments.weightings import make_weighting
from tests.experiments.conftest import TINY, tiny_run


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"))


def test_a_finished_run_has_every_number_of_its_row(store, library, quiet):
    run = tiny_run(("seg", "color", "depth"), "UW")
    metrics = execute(run, store, library, quiet)
    assert set(metrics.headline) == {
        "sem_miou", "color_miou", "abs_rel", "sq_rel", "rmse", "rmse_log",
    }  # fmt: skip
    assert 0 <= metrics.headline["sem_miou"] <= 1
    for kind in ("per_input", "shared"):
        results = metrics.evaluations[kind]
        assert None not in (*vars(results["seg"]).values(), *vars(results["depth"]).values())
    assert read_colors(store.folder(run)) == library.prepare(run).statistics
    description = json.loads((store.folder(run) / "run.json").read_text())
    assert description["data"]["embedded_scenes"] is True
    assert description["sessions"][0]["versions"]["tensorflow"]
    machine = description["sessions"][0]["machine"]
    assert machine.keys() == {"gpu", "cpu", "cores", "threads", "onednn", "ram_gib"}
    assert machine["cpu"] and machine["cores"] >= 1 and machine["ram_gib"] > 0


def test_a_finished_run_has_a_number_for_every_reading_of_the_evaluation(store, library, quiet):
    run = tiny_run(("seg", "color", "depth"), "UW")
    results = execute(run, store, library, quiet).evaluations
    for values in itertools.product(*(DECLARED[name].choices for name in AT_EVALUATION)):
        numbers = headline(results, Readings(**dict(zip(AT_EVALUATION, values, strict=True))))
        assert list(numbers) == headline_names(run.tasks)
        assert all(math.isfinite(number) for number in numbers.values())


def test_a_finished_run_is_not_run_again(store, library, quiet, monkeypatch):
    run = tiny_run(("seg", "color", "depth"), "UW")
    recorded = store.metrics(run)
    monkeypatch.setattr(Training, "to_the_end", lambda *arguments: pytest.fail("trained again"))
    assert execute(run, store, library, quiet) == recorded


def test_the_stored_weights_give_the_recorded_numbers(store, library):
    run = tiny_run(("seg", "color", "depth"), "UW")
    assert FinishedRun.open(store.folder(run)).network.evaluate(library) == store.metrics(run).headline


def test_the_same_run_in_another_folder_gives_the_same_numbers(store, library, quiet, tmp_path):
    run = tiny_run(("seg", "color", "depth"), "UW")
    again = Store(tmp_path)
    execute(run, again, library, quiet)
    assert again.metrics(run).evaluations == store.metrics(run).evaluations
    store.metrics(run).write(tmp_path)
    assert read_json(tmp_path / "metrics.json") == read_json(store.folder(run) / "metrics.json")


def test_without_imagenet_weights_there_is_a_reason_and_no_number(store, library, quiet):
    run = tiny_run(("seg",), init="ImageNet")
    assert execute(run, store, library, quiet) is None
    assert store.metrics(run) is None
    assert "no ImageNet weights" in store.failure(run)


def test_divergence_is_a_reason_and_no_number(store, library, quiet):
    run = tiny_run(("seg",), learning_rate=float("nan"))
    assert execute(run, store, library, quiet) is None
    assert store.failure(run).startswith("diverged at epoch 1")


def test_a_coarse_run_needs_the_pre_training(library, quiet, tmp_path):
    run = tiny_run(("seg",), init="CoarseCTS")
    assert execute(run, Store(tmp_path), library, quiet) is None
    assert "scenes-demo/CoarseCTS" in Store(tmp_path).failure(run)
    assert "not run" in Store(tmp_path).failure(run)


def test_a_coarse_run_starts_from_the_pre_trained_encoder_alone(store, library, quiet):
    source = coarse_run("scenes-demo")
    metrics = execute(source, store, library, quiet)
    assert set(metrics.headline) == {"color_miou", "abs_rel", "sq_rel", "rmse", "rmse_log"}
    run = tiny_run(("seg", "depth"), "GS", init="CoarseCTS")
    model, fresh = build_model(run), build_model(run)
    initialize(model, make_weighting(run), run, store, quiet)
    initialize(fresh, make_weighting(run), dataclasses.replace(run, init="random"), store, quiet)
    trained = load_model(source, store.folder(source))

    def weights(network, part):
        return network.get_layer(part).get_weights()

    for one, other in zip(weights(model, "encoder"), weights(trained, "encoder"), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(weights(model, "decoder_depth"), weights(fresh, "decoder_depth"), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def kitti(tmp_path_factory):
    """Library of 5 scenes of 120x60 in the layout of KITTI: 4 to train on, 1 to validate."""
    root = tmp_path_factory.mktemp("kitti")
    write_kitti(root, 5, size=(120, 60), seed=3)
    return Library(Source(KITTI, root), None)


def kitti_run(**readings):
    run = make_run(
        "scenes-kitti-demo", ("seg", "depth"), "UW", "random", 0, Readings(**readings), start="scenes-demo"
    )
    return dataclasses.replace(run, schedule=dataclasses.replace(TINY, size=(128, 64)), base=TINY)


@pytest.fixture
def parent(store, library, quiet):
    """The finished run on Cityscapes that a KITTI run goes on from."""
    run = tiny_run(("seg", "depth"), "UW")
    execute(run, store, library, quiet)
    return run


def started(run, store, options):
    model, weighting = build_model(run), make_weighting(run)
    initialize(model, weighting, run, store, options)
    return model, weighting


def test_a_kitti_run_goes_on_from_the_whole_network_and_its_uncertainties(store, quiet, parent):
    model, weighting = started(kitti_run(), store, quiet)
    trained = load_model(parent, store.folder(parent))
    for one, other in zip(model.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    last = store.metrics(parent).history[-1]
    assert weighting.current_weights() == {task: last[f"weight_{task}"] for task in parent.tasks}
    assert weighting.current_weights() != make_weighting(parent).current_weights()


def test_readings_of_what_a_kitti_run_takes_over(store, quiet, parent):
    _, weighting = started(kitti_run(uw_reset=True), store, quiet)
    assert weighting.current_weights() == make_weighting(parent).current_weights()
    model, _ = started(kitti_run(kitti_load="encoder"), store, quiet)
    trained = load_model(parent, store.folder(parent))

    def kernel(network, part, layer):
        return network.get_layer(part).get_layer(layer).kernel.numpy()

    for part, layer, same in (("encoder", "conv0", True), ("decoder_seg", "final_conv", False)):
        assert np.array_equal(kernel(model, part, layer), kernel(trained, part, layer)) is same


def test_a_kitti_run_is_scored_without_its_padding(store, kitti, quiet, parent):
    run = kitti_run(color_stats="cityscapes")
    metrics = execute(run, store, kitti, quiet)
    assert metrics.run["start"] == "scenes-demo"
    assert (
        FinishedRun.open(store.folder(run)).network.evaluate(kitti) == metrics.headline
    )  # with its parent's colors
    seg = metrics.evaluations["per_input"]["seg"]
    assert seg.native.miou == pytest.approx(seg.network.miou)  # padding has no label, pixels are the same


def test_a_kitti_run_finds_its_parent_in_another_runs_folder(store, quiet, parent, tmp_path):
    elsewhere = Store(tmp_path, also=[store.root])
    model, _ = started(kitti_run(), elsewhere, quiet)
    trained = load_model(parent, store.folder(parent))
    np.testing.assert_array_equal(model.get_weights()[0], trained.get_weights()[0])
    assert not list(tmp_path.iterdir())


def test_without_its_parent_a_kitti_run_has_a_reason(kitti, quiet, tmp_path):
    assert execute(kitti_run(), Store(tmp_path), kitti, quiet) is None
    assert "scenes-demo/SS+D-UW/random" in Store(tmp_path).failure(kitti_run())


def test_a_run_of_other_data_is_refused_whether_finished_or_not(store, quiet, parent, tmp_path):
    write_cityscapes(tmp_path / "other", {"train": 4, "val": 3, "train_extra": 4}, size=(128, 64), seed=6)
    other = Library(Source(CITYSCAPES, tmp_path / "other"), tmp_path / "cache")
    with pytest.raises(InputError, match="other data"):
        run_all([parent], store, {parent.dataset: other}, quiet, report=lambda line: None)


def test_a_run_that_another_process_has_is_waited_for_and_taken_over(library, quiet, tmp_path, monkeypatch):
    monkeypatch.setattr("selfsup_segmentation.experiments.executors.local.POLL_SECONDS", 0)
    run, store, lines = tiny_run(("seg",)), Store(tmp_path), []
    with contextlib.ExitStack() as held:
        held.enter_context(only_one(store.folder(run), pytest.fail))

        def report(line):
            lines.append(line)
            if line.startswith("waiting for"):
                held.close()

        run_all([run], store, {run.dataset: library}, quiet, report)
    assert lines[0].startswith(f"waiting for {run}: process {os.getpid()} on ")
    assert store.metrics(run) is not None
    assert len(lines) == 3  # waited, began, ended: each said once


def test_an_interruption_at_the_very_end_loses_nothing(store, library, quiet, monkeypatch):
    run = tiny_run(("seg",), seed=9)

    def full_disk(*_):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Results, "write", full_disk)
        with pytest.raises(OSError, match="no space"):
            execute(run, store, library, quiet)
    history = (store.folder(run) / "history.csv").read_text()
    assert execute(run, store, library, quiet).headline
    assert (store.folder(run) / "history.csv").read_text() == history  # no epoch was trained again


def test_ground_truth_that_only_the_evaluation_reads_is_checked_before_training(quiet, tmp_path):
    write_cityscapes(tmp_path / "data", {"train": 2, "val": 1, "train_extra": 1}, size=(128, 64), seed=6)
    damaged = next((tmp_path / "data" / "disparity" / "val").rglob("*.png"))
    damaged.write_bytes(damaged.read_bytes()[:-200])
    library = Library(Source(CITYSCAPES, tmp_path / "data"), None)
    with pytest.raises(InputError, match=damaged.name):
        library.prepare(tiny_run(("seg", "depth"), "GS"))


def test_rows_without_imagenet_weights_are_said_once_and_have_their_reason(library, quiet, tmp_path):
    runs, lines = [tiny_run(("seg",), init="ImageNet", seed=seed) for seed in (0, 1)], []
    run_all(runs, Store(tmp_path), {runs[0].dataset: library}, quiet, lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("2 runs that start from ImageNet have no result")
    assert all("no ImageNet weights" in Store(tmp_path).failure(run) for run in runs)
