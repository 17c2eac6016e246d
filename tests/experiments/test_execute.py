import dataclasses
import json

import numpy as np
import pytest

from experiments.catalog import coarse_run
from experiments.execute import build_model, evaluate_again, execute, initialize, load_model
from experiments.store import Store
from tests.experiments.conftest import tiny_run


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"))


def test_a_finished_run_has_every_number_of_its_row(store, library, quiet):
    run = tiny_run(("seg", "color", "depth"), "UW")
    metrics = execute(run, store, library, "demo", quiet)
    assert set(metrics["headline"]) == {
        "sem_miou", "color_miou", "abs_rel", "sq_rel", "rmse", "rmse_log",
    }  # fmt: skip
    assert 0 <= metrics["headline"]["sem_miou"] <= 1
    for kind in ("per_input", "shared"):
        results = metrics["results"][kind]
        assert set(results["seg"]) == {"native", "network", "constant_class_miou"}
        assert set(results["depth"]) == {"disp_half", "disp_full", "depth_m", "constant_abs_rel"}
    description = json.loads((store.folder(run) / "run.json").read_text())
    assert description["data"]["embedded_scenes"] is True
    assert description["versions"]["tensorflow"]


def test_a_finished_run_is_not_run_again(store, library, quiet, monkeypatch):
    run = tiny_run(("seg", "color", "depth"), "UW")
    recorded = store.metrics(run)
    monkeypatch.setattr("experiments.execute.train", lambda *args: pytest.fail("trained again"))
    assert execute(run, store, library, "demo", quiet) == recorded


def test_the_stored_weights_give_the_recorded_numbers(store, library):
    run = tiny_run(("seg", "color", "depth"), "UW")
    assert evaluate_again(run, store.folder(run), library) == store.metrics(run)["headline"]


def test_the_same_run_in_another_folder_gives_the_same_numbers(store, library, quiet, tmp_path):
    run = tiny_run(("seg", "color", "depth"), "UW")
    again = execute(run, Store(tmp_path), library, "demo", quiet)
    assert json.dumps(again["results"]) == json.dumps(store.metrics(run)["results"]).replace("null", "NaN")


def test_without_imagenet_weights_there_is_a_reason_and_no_number(store, library, quiet):
    run = tiny_run(("seg",), init="ImageNet")
    assert execute(run, store, library, "demo", quiet) is None
    assert store.metrics(run) is None
    assert "no ImageNet weights" in store.failure(run)


def test_divergence_is_a_reason_and_no_number(store, library, quiet):
    run = tiny_run(("seg",), learning_rate=float("nan"))
    assert execute(run, store, library, "demo", quiet) is None
    assert store.failure(run).startswith("diverged at epoch 1")


def test_a_coarse_run_needs_the_pre_training(library, quiet, tmp_path):
    run = tiny_run(("seg",), init="CoarseCTS")
    assert execute(run, Store(tmp_path), library, "demo", quiet) is None
    assert Store(tmp_path).failure(run) == "no CoarseCTS pre-training: not run"


def test_a_coarse_run_starts_from_the_pre_trained_encoder_alone(store, library, quiet):
    source = coarse_run("scenes-demo", "demo")
    metrics = execute(source, store, library, "demo", quiet)
    assert set(metrics["headline"]) == {"color_miou", "abs_rel", "sq_rel", "rmse", "rmse_log"}
    run = tiny_run(("seg", "depth"), "GS", init="CoarseCTS")
    model, fresh = build_model(run), build_model(run)
    initialize(model, run, store, "demo", quiet)
    initialize(fresh, dataclasses.replace(run, init="random"), store, "demo", quiet)
    trained = load_model(source, store.folder(source))

    def weights(network, part):
        return network.get_layer(part).get_weights()

    for one, other in zip(weights(model, "encoder"), weights(trained, "encoder"), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(weights(model, "decoder_depth"), weights(fresh, "decoder_depth"), strict=True):
        np.testing.assert_array_equal(one, other)
