import pytest
import tensorflow as tf

from selfsup_segmentation.experiments.records.checkpoint import Checkpoints


@pytest.fixture
def state(tmp_path):
    value = tf.Variable(0.0)
    return value, Checkpoints(tmp_path / "checkpoint", value=value)


def save(state, *steps):
    value, checkpoints = state
    for step in steps:
        value.assign(float(step))
        checkpoints.save(step)


def test_the_newest_state_is_restored_and_two_are_kept(state):
    value, checkpoints = state
    save(state, 5, 10, 123)
    assert [path.name for path in checkpoints.saved()] == ["step-000000010", "step-000000123"]
    value.assign(-1.0)
    assert checkpoints.restore()
    assert float(value) == 123.0


def test_nothing_saved_is_nothing_restored(state):
    assert not state[1].restore()


def test_a_folder_whose_name_would_be_a_pattern_holds_states_as_well(tmp_path):
    value = tf.Variable(1.0)
    Checkpoints(tmp_path / "runs [1]*", value=value).save(1)
    value.assign(2.0)
    assert Checkpoints(tmp_path / "runs [1]*", value=value).restore()
    assert float(value) == 1.0


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "sums"])
def test_a_damaged_newest_state_gives_way_to_the_one_before(state, damage):
    value, checkpoints = state
    save(state, 1, 2)
    newest = checkpoints.saved()[-1]
    data = next(newest.glob("state.data*"))
    content = data.read_bytes()
    if damage == "truncate":
        data.write_bytes(content[:-1])
    elif damage == "flip":
        data.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif damage == "remove":
        (newest / "state.index").unlink()
    else:
        (newest / "SHA256.json").write_text("{}")
    warnings = []
    assert checkpoints.restore(warnings.append)
    assert float(value) == 1.0
    assert len(warnings) == 1
    assert str(newest) in warnings[0]


def test_an_unfinished_state_is_not_taken_for_one(state):
    save(state, 1)
    newest = state[1].saved()[-1]
    newest.rename(newest.with_name(newest.name + ".tmp"))
    assert state[1].saved() == []
    save(state, 1)  # the leftover is no obstacle
    assert len(state[1].saved()) == 1
