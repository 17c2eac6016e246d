"""The newest checkpoint is damaged on the disk: the one before is used, with a warning."""

import signal

from tests.faults.child import At
from tests.faults.compare import assert_same
from tests.faults.damage import flip_a_bit, truncate


def half_written(newest):
    """Left over by a process that was killed."""
    newest.rename(newest.with_name(f"{newest.name}.tmp"))


def all_damaged(newest):
    for state in newest.parent.iterdir():
        truncate(state / "state.index")


DAMAGES = {
    "no state is sound": all_damaged,
    "newest state truncated": lambda newest: truncate(next(newest.glob("state.data*"))),
    "one bit of the newest state flipped": lambda newest: flip_a_bit(next(newest.glob("state.data*"))),
    "SHA256.json of the newest state missing": lambda newest: (newest / "SHA256.json").unlink(),
    "newest state is a left-over .tmp": half_written,
}


def test_a_run_with_a_damaged_state_goes_on_from_the_one_before_and_ends_as_if_it_was_sound(
    life, reference, happened
):
    expected, damaged = 0, None  # step from which the next process resumes, and the checkpoint that it skips
    for name, damage in DAMAGES.items():
        code, process = life.go(At("tests.faults.child:begin_step", 3), minutes=0.0001)
        assert code == -signal.SIGKILL, process.why
        assert process.first == expected
        if damaged:
            assert_said(process, damaged)
        states = life.states()
        newest = life.folder / "checkpoint" / f"step-{states[-1]:09d}"
        damage(newest)
        damaged = newest.name
        expected = 0 if damage is all_damaged else states[-2]
        happened(name, life, process)
    code, process = life.go()
    assert code == 0, process.why
    assert process.first == expected
    assert_said(process, damaged)
    assert_same(life.folder, reference)
    assert [path.name for path in (life.folder / "checkpoint").iterdir()] == ["final"]


def assert_said(process, name):
    """A warning names the state, and no line is anything else."""
    assert any(name in line for line in process.complaints), process.err
    assert all(line.startswith("warning: ") for line in process.complaints)
    assert "Traceback" not in process.err
