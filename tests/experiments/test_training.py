import dataclasses

import numpy as np
import pytest

from selfsup_segmentation.data.pipeline import frames_of_step
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.history import read_history
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.training import loop
from selfsup_segmentation.experiments.training.divergence import DivergedError
from selfsup_segmentation.experiments.training.loop import Training
from selfsup_segmentation.experiments.training.network import build_model, initialize
from selfsup_segmentation.experiments.training.objective import Objective
from selfsup_segmentation.experiments.weightings import FOR_ONE_TASK, FROM_LOSSES, make_weighting
from tests.experiments.conftest import tiny_run
from tests.synthetic import QUIET


def start(run, library, folder, options):
    """Train a run into a folder; everything that training changes."""
    data = library.prepare(run)
    model, weighting = build_model(run), make_weighting(run)
    initialize(model, weighting, run, Store(folder), options)
    objective = Objective(run.tasks, run.readings, data.statistics)
    Training(run, model, weighting, objective, data, folder, options).to_the_end()
    return model.get_weights() + weighting.get_weights()


def numbers(folder):
    """History without the speed, which is the clock's."""
    return [
        {k: v for k, v in row.items() if k != "images_per_second" and v == v}
        for row in read_history(folder / "history.csv")
    ]


@pytest.fixture(scope="module")
def undisturbed(library, tmp_path_factory):
    """A run of 3 × 3 steps that was never stopped: its description, its final weights, its history.

    Its weighting and its learning rate have states, and its images are mirrored at random.
    """
    run, folder = tiny_run(("seg", "depth"), "DWA"), tmp_path_factory.mktemp("undisturbed")
    run = dataclasses.replace(run, readings=Readings(augment="flip", lr_schedule="plateau"))
    return run, start(run, library, folder, QUIET), numbers(folder)


@pytest.mark.parametrize(
    "steps_before",
    [pytest.param(4, id="inside an epoch"), pytest.param(6, id="between epochs", marks=pytest.mark.slow)],
)
def test_an_interrupted_run_ends_where_an_undisturbed_one_does(
    library, quiet, tmp_path, monkeypatch, undisturbed, steps_before
):
    run, weights, history = undisturbed
    often = dataclasses.replace(quiet, checkpoint_minutes=0.0)
    batches = loop.training_batches

    def interrupted(*args):
        yield from batches(*args).take(steps_before)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "training_batches", interrupted)
        with pytest.raises(KeyboardInterrupt):
            start(run, library, tmp_path, often)
    resumed = start(run, library, tmp_path, often)
    for one, other in zip(weights, resumed, strict=True):
        np.testing.assert_array_equal(one, other)
    assert numbers(tmp_path) == history


@pytest.mark.parametrize(
    "name",
    [
        "AuxiliaryReweighting",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (*FOR_ONE_TASK, *FROM_LOSSES)
            if name != "AuxiliaryReweighting"
        ),
    ],
)
def test_a_run_for_one_main_task_resumes_to_the_bit_and_logs_its_gradients(
    library, quiet, tmp_path, monkeypatch, name
):
    run, batches = tiny_run(("seg", "color", "depth"), name, epochs=2), loop.training_batches
    undisturbed = start(run, library, tmp_path / "a", quiet)
    with monkeypatch.context() as patch:

        def interrupted(*args):
            yield from batches(*args).take(2)
            raise KeyboardInterrupt

        patch.setattr(loop, "training_batches", interrupted)
        with pytest.raises(KeyboardInterrupt):
            start(run, library, tmp_path / "b", dataclasses.replace(quiet, checkpoint_minutes=0.0))
    for one, other in zip(undisturbed, start(run, library, tmp_path / "b", quiet), strict=True):
        np.testing.assert_array_equal(one, other)
    history = numbers(tmp_path / "b")
    assert history == numbers(tmp_path / "a")
    for row in history:
        assert row["loss"] > 0 and all(row[f"weight_{task}"] >= 0 for task in run.tasks)
        if name in FOR_ONE_TASK:
            assert row["cosine_seg"] == pytest.approx(1)
            assert all(row[f"norm_{task}"] > 0 for task in run.tasks)
            assert row["loss"] == pytest.approx(sum(row[f"loss_{task}"] for task in run.tasks), rel=1e-5)


def test_losses_fall_and_are_logged_with_their_weights(library, quiet, tmp_path):
    run = tiny_run(("seg", "color", "depth"), "GS", epochs=8)
    start(run, library, tmp_path, quiet)
    history = read_history(tmp_path / "history.csv")
    assert [row["epoch"] for row in history] == list(range(8))
    for task, weight in run.weights.items():
        assert history[-1][f"loss_{task}"] < history[0][f"loss_{task}"]
        assert history[-1][f"weight_{task}"] == weight
    weighted = sum(weight * history[0][f"loss_{task}"] for task, weight in run.weights.items())
    assert history[0]["loss"] == pytest.approx(weighted, rel=1e-5)
    assert all(row["images_per_second"] > 0 for row in history)


def test_an_update_that_is_not_finite_stops_the_run_with_the_step_that_made_it(library, quiet, tmp_path):
    run = tiny_run(("seg", "depth"), "GS", learning_rate=float("nan"))
    with pytest.raises(DivergedError, match=r"epoch 1, step 1: update") as stopped:
        start(run, library, tmp_path, quiet)
    assert stopped.value.details["frames"] == frames_of_step(library.prepare(run).train, 2, run.seed, 0)


@pytest.mark.parametrize("bad_step", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_loss_that_is_not_finite_stops_the_run_before_it_does_harm(
    library, quiet, tmp_path, monkeypatch, undisturbed, bad_step
):
    run, folder = dataclasses.replace(undisturbed[0]), tmp_path / "run"
    often = dataclasses.replace(quiet, checkpoint_minutes=0.0)
    poisoned = frames_of_step(library.prepare(run).train, 2, run.seed, bad_step)
    batches = loop.training_batches

    def poison(cache, preparation, size, seed, epochs, first=0, augment="none"):
        for step, batch in enumerate(batches(cache, preparation, size, seed, epochs, first, augment), first):
            yield batch | {"left": batch["left"] * (np.nan if step == bad_step else 1.0)}

    def diverge(options):
        with pytest.raises(DivergedError) as stopped:
            start(run, library, folder, options)
        where = {"epoch": bad_step // 3 + 1, "step": bad_step + 1}
        assert stopped.value.details == where | {"what": ["loss_depth", "loss"], "frames": poisoned}

    with monkeypatch.context() as patch:
        patch.setattr(loop, "training_batches", poison)
        diverge(quiet)  # goes back to the start
        assert (folder / "checkpoint" / f"step-{bad_step:09d}").is_dir()
        diverge(often)  # finds itself before the step
    healed = start(run, library, folder, often)  # from the state that was saved
    for one, other in zip(undisturbed[1], healed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(library, quiet, tmp_path):
    run = tiny_run(("seg",), epochs=1)
    first = start(run, library, tmp_path / "a", quiet)
    again = start(run, library, tmp_path / "b", quiet)
    other = start(dataclasses.replace(run, seed=1), library, tmp_path / "c", quiet)
    assert all(np.array_equal(x, y) for x, y in zip(first, again, strict=True))
    assert not all(np.array_equal(x, y) for x, y in zip(first, other, strict=True))
