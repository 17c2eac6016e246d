import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_segmentation.experiments.catalog import make_run
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.history import read_history
from selfsup_segmentation.experiments.training import loop
from selfsup_segmentation.experiments.training.learning_rate import LearningRate
from selfsup_segmentation.experiments.training.loop import Training
from selfsup_segmentation.experiments.training.objective import Objective
from selfsup_segmentation.weighting import FixedWeights
from tests.experiments.conftest import TINY
from tests.synthetic import QUIET

RATE = 0.01


def adam(rate):
    """What `loop.Training` makes of it."""
    return keras.optimizers.Adam(rate.initial)


def rates_after(losses, rate, optimizer):
    """The optimizer's rate after each epoch."""
    rates = []
    for loss in losses:
        rate.end_epoch(optimizer, loss)
        rates.append(float(optimizer.learning_rate))
    return rates


# --- plateau ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled():
    """A model for Keras' callback to change the rate of."""
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(RATE), loss="mse")
    return model


def rates_of_keras(losses, patience, model):
    """The rate after each epoch by Keras' own callback."""
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=patience, min_delta=0)
    callback.set_model(model)
    model.optimizer.learning_rate = RATE
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        rates.append(float(model.optimizer.learning_rate))
    return rates


few = st.sampled_from([0.5, 1.0, 1.0 + 1e-12, 1.0 + 1e-6, 2.0])  # many ties, and two that are nearly one
any_loss = st.floats(1e-6, 1e6)


@settings(deadline=None)
@given(losses=st.lists(few | any_loss, max_size=40), patience=st.integers(1, 6))
def test_plateau_is_that_of_keras(losses, patience, compiled):
    rate = LearningRate("plateau", RATE, epochs=10 * patience, steps=1)
    assert rates_after(losses, rate, adam(rate)) == rates_of_keras(losses, patience, compiled)


@pytest.mark.parametrize(("epochs", "patience"), [(1, 1), (8, 1), (20, 2), (100, 10)])
def test_plateau_waits_for_a_tenth_of_all_epochs(epochs, patience):
    rate = LearningRate("plateau", RATE, epochs, steps=1)
    rates = rates_after([1.0] * (1 + 2 * patience), rate, adam(rate))
    steady = [1.0] + [1.0] * (patience - 1) + [0.1] * patience + [0.01]
    assert rates == pytest.approx([RATE * share for share in steady])


@settings(deadline=None, max_examples=20)
@given(losses=st.lists(few, min_size=1, max_size=20), data=st.data())
def test_plateau_goes_on_from_a_stored_state(losses, data, tmp_path_factory):
    stop = data.draw(st.integers(0, len(losses)))
    rate = LearningRate("plateau", RATE, epochs=20, steps=1)
    optimizer = adam(rate)
    rates = rates_after(losses[:stop], rate, optimizer)
    path = str(tmp_path_factory.mktemp("state") / "state")
    tf.train.Checkpoint(rate=rate, optimizer=optimizer).write(path)
    expected = rates + rates_after(losses[stop:], rate, optimizer)

    again = LearningRate("plateau", RATE, epochs=20, steps=1)
    other = adam(again)
    status = tf.train.Checkpoint(rate=again, optimizer=other).read(path)
    status.assert_existing_objects_matched()
    assert float(other.learning_rate) == pytest.approx(rates[-1] if rates else RATE)
    assert rates + rates_after(losses[stop:], again, other) == expected


# --- the others -------------------------------------------------------------------------------------------


def test_poly_falls_to_0_with_the_power_of_0_9():
    rate = LearningRate("poly", RATE, epochs=4, steps=20)
    optimizer = adam(rate)
    for step in range(21):
        assert float(optimizer.learning_rate) == pytest.approx(RATE * (1 - step / 20) ** 0.9, rel=1e-5)
        optimizer.iterations.assign_add(1)
        rate.end_epoch(optimizer, 1.0)


def test_a_constant_rate_stays_whatever_the_loss_does():
    rate = LearningRate("constant", RATE, epochs=5, steps=20)
    assert rates_after([1.0] * 10, rate, adam(rate)) == pytest.approx([RATE] * 10)


@pytest.mark.parametrize("kind", ["constant", "poly", "plateau"])
def test_it_is_the_same_where_devices_share_a_run(kind):
    """There variables are mirrored, and Keras cannot make a float of these."""
    found = []
    for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["/cpu:0"])):
        rate = LearningRate(kind, RATE, epochs=4, steps=4)
        with strategy.scope():
            optimizer = adam(rate)
            assert "Mirrored" in type(optimizer.iterations.value).__name__ or not found
        found.append([])
        for loss in (2.0, 1.0, 3.0, 1.0):
            optimizer.iterations.assign_add(1)
            found[-1].append(rate.of_last_step(optimizer))
            rate.end_epoch(optimizer, loss)
    assert found[0] == found[1]
    assert len(set(found[0])) == {"constant": 1, "poly": 4, "plateau": 2}[kind]


# --- in a run ---------------------------------------------------------------------------------------------


def plateau_run(schedule="plateau"):
    """20 epochs, so that the rate falls after two without progress."""
    run = make_run("scenes-demo", ("seg",), "none", "random", 0, Readings(lr_schedule=schedule))
    return dataclasses.replace(run, schedule=dataclasses.replace(TINY, epochs=20, validate_every=0))


def go(run, library, folder, options, monkeypatch, until=None):
    """A whole training but for the network, which is one layer, and the losses of its epochs.

    Returns:
        The layer's weights and the rate of every step.
    """
    script, rates = [5, 4, 4, 4, 4, 4, 3, 3, 2, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1], []

    def small_step(model, weighting, optimizer, objective, progress, jit):
        def step(batch):
            if int(progress.step) == until:
                raise KeyboardInterrupt
            rates.append(float(optimizer.learning_rate))
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(batch["lab"]) - 1) ** 2)
            variables = [variable.value for variable in model.trainable_variables]
            optimizer.apply(tape.gradient(loss, variables), model.trainable_variables)
            progress.add([script[int(progress.step) // 3]] * 2)

        return step

    monkeypatch.setattr(loop, "make_train_step", small_step)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    data = library.prepare(run)
    objective, weighting = Objective(run.tasks, run.readings, None), FixedWeights({"seg": 1.0})
    Training(run, model, weighting, objective, data, folder, options).to_the_end()
    return model.get_weights(), rates


@pytest.fixture(scope="module")
def undisturbed(library, tmp_path_factory):

    with pytest.MonkeyPatch.context() as patch:
        return go(plateau_run(), library, tmp_path_factory.mktemp("undisturbed"), QUIET, patch)


def test_a_run_learns_more_slowly_after_each_plateau(undisturbed):
    _, rates = undisturbed
    epochs = np.array(rates).reshape(20, 3)
    assert (epochs == epochs[:, :1]).all()
    falls = np.flatnonzero(epochs[1:, 0] < epochs[:-1, 0])  # epochs that ended a plateau
    assert falls.tolist() == [3, 5, 10, 12, 15, 17]
    assert rates[-1] == pytest.approx(TINY.learning_rate * 1e-6)


def recorded(folder):
    """The rate of each epoch in the history; None where there is none."""
    return [row.get("learning_rate") for row in read_history(folder / "history.csv")]


@pytest.mark.parametrize("schedule", ["constant", "poly"])
def test_the_history_has_the_rate_of_the_last_step_of_each_epoch(
    library, quiet, tmp_path, monkeypatch, schedule
):
    _, rates = go(plateau_run(schedule), library, tmp_path, quiet, monkeypatch)
    assert recorded(tmp_path) == rates[2::3]


def test_a_history_that_was_begun_without_rates_goes_on_with_them(
    library, quiet, tmp_path, monkeypatch, undisturbed
):
    often = dataclasses.replace(quiet, checkpoint_minutes=0.0)
    with pytest.raises(KeyboardInterrupt):
        go(plateau_run(), library, tmp_path, often, monkeypatch, until=31)
    history = tmp_path / "history.csv"
    rows = [line.split(",") for line in history.read_text().splitlines()]
    column = rows[0].index("learning_rate")
    history.write_text("".join(f"{','.join(row[:column] + row[column + 1 :])}\n" for row in rows))
    go(plateau_run(), library, tmp_path, often, monkeypatch)
    assert recorded(tmp_path) == [None] * 10 + undisturbed[1][2::3][10:]


@pytest.mark.parametrize(
    "steps",
    [8, 12, *(pytest.param(step, marks=pytest.mark.slow) for step in (9, 11, 31))],
    ids=lambda step: f"stopped at step {step}",
)
def test_a_stopped_run_goes_on_with_the_rate_and_the_patience_that_it_had(
    library, quiet, tmp_path, monkeypatch, undisturbed, steps
):
    often = dataclasses.replace(quiet, checkpoint_minutes=0.0)
    with pytest.raises(KeyboardInterrupt):
        go(plateau_run(), library, tmp_path, often, monkeypatch, until=steps)
    weights, rates = go(plateau_run(), library, tmp_path, often, monkeypatch)
    assert rates == undisturbed[1][steps:]
    assert recorded(tmp_path) == undisturbed[1][2::3]
    for one, other in zip(weights, undisturbed[0], strict=True):
        np.testing.assert_array_equal(one, other)
