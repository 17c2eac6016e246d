"""Faults that need no process of their own; these tests take no time and run with the others."""

import os
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from selfsup_segmentation.data.cache import FrameCache
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.experiments.preemption import STOPPING, Stopped, listening, stopping_at_once
from selfsup_segmentation.experiments.records.checkpoint import Checkpoints
from selfsup_segmentation.experiments.records.history import read_history, truncate_history
from tests.faults.damage import flip_a_bit, truncate

HISTORY = "epoch,loss,val\n0,1.5,NA\n1,1.25,0.5\n2,1.0,nan\n"


@pytest.fixture
def history(tmp_path):
    return tmp_path / "history.csv"


@pytest.mark.parametrize(
    "text",
    [
        "",
        HISTORY,
        HISTORY + "3,0.",  # a full disk
        HISTORY + "3",
        "epoch,loss,val\n2,1.0,nan\n",  # the rows before were lost
        "epoch,loss,val\n5,1.0,nan\n",
    ],
)
def test_what_comes_after_the_epochs_that_are_done_may_be_anything(history, text):
    history.write_text(text)
    truncate_history(history, 3)
    rows = [row["epoch"] for row in read_history(history)]
    assert rows == ([0, 1, 2] if text.startswith(HISTORY) else [2] if "\n2," in text else [])


@pytest.mark.parametrize(
    "text",
    [
        HISTORY.replace("1,1.25", "1,1/25"),
        HISTORY.replace("1,1.25,0.5", "1,1.25"),
        HISTORY.replace("1,1.25,0.5", "1,1.25,0.5,7"),
        HISTORY.replace("\n1,", "\n0,"),
        HISTORY.replace("\n1,", "\nx,"),
        HISTORY.replace("epoch", "epocx"),
        HISTORY.replace("1,1.25,0.5\n", ""),
        HISTORY[:-9],
        "epoch,loss,val\n",
        "epoch\xff\n",
    ],
)
def test_a_damaged_history_is_named(history, text):
    history.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"history\.csv is damaged; remove it"):
        truncate_history(history, 3)
    truncate_history(history, 0)  # nothing of it is needed
    assert not history.exists()


def test_a_damaged_state_does_not_count_as_the_one_before(tmp_path):
    value, warnings = tf.Variable(0.0), []
    checkpoints = Checkpoints(tmp_path, value=value)
    for step in (1, 2):
        value.assign(float(step))
        checkpoints.save(step)
    truncate(tmp_path / "step-000000002" / "state.index")
    (tmp_path / "step-000000003.tmp").mkdir()
    assert checkpoints.restore(warnings.append)
    assert float(value) == 1.0
    assert [name in warning for name, warning in zip(("3.tmp", "2 is damaged"), warnings, strict=True)] == [
        True
    ] * 2
    checkpoints.save(5)
    assert [state.name for state in sorted(tmp_path.iterdir())] == ["step-000000001", "step-000000005"]


def test_sums_that_are_no_sums_are_damage(tmp_path):
    checkpoints = Checkpoints(tmp_path, value=tf.Variable(0.0))
    checkpoints.save(1)
    (tmp_path / "step-000000001" / "SHA256.json").write_text("[1]")
    assert not checkpoints.restore(lambda warning: None)


def test_a_decoded_image_with_a_flipped_bit_is_decoded_again(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "left.png")

    def built():
        cache = FrameCache(
            [Frame("a", tmp_path / "left.png")], (64, 32), ("left",), folder=tmp_path / "cache"
        )
        cache.build()
        return cache

    (file,) = map(tmp_path.joinpath, built().paths("left"))
    flip_a_bit(file)
    assert np.array_equal(built().image("left", 0), pixels)
    assert list((tmp_path / "cache").iterdir()) == [file]


@pytest.mark.parametrize("number", [*STOPPING, signal.SIGINT])
def test_a_request_after_the_last_look_at_it_is_not_forgotten(number):
    with pytest.raises(Stopped) as stopped, listening():
        os.kill(os.getpid(), number)
    assert stopped.value.signal == number


@pytest.mark.parametrize("number", STOPPING)
def test_a_request_while_nothing_is_to_be_saved_is_heard_at_once(number):
    before = signal.getsignal(number)
    with pytest.raises(Stopped), stopping_at_once():
        with pytest.raises(Stopped), listening():
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        pytest.fail("went on")
    assert signal.getsignal(number) == before
