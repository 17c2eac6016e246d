"""kill -9, at chosen moments of one run's life and at random ones."""

import dataclasses
import os
import random
import signal
import time
import zipfile
from collections.abc import Callable

import pytest

from selfsup_segmentation.experiments.records.checkpoint import is_sound
from tests.faults.child import At
from tests.faults.compare import assert_same, history

EACH_STEP = 0.0001  # minutes between checkpoints
RANDOM_KILLS = 4


@dataclasses.dataclass(frozen=True)
class Moment:
    """A moment of a run's life.

    Attributes:
        name: name in the table.
        fault: what kills the process there.
        seen: function of the `Life` that asserts that the process had come there.
        minutes: between checkpoints.
    """

    name: str
    fault: At
    seen: Callable
    minutes: float = EACH_STEP


def while_decoding(life):
    files = [path.name for path in (life.runs / "cache").iterdir()]
    assert 0 < sum(name.endswith(".raw") for name in files) < 16
    assert any(name.endswith(".tmp") for name in files)
    assert not life.folder.exists()


def at_start_up(life):
    assert len(list((life.runs / "cache").glob("*.raw"))) == 16
    assert (life.folder / "lock").exists()
    assert not (life.folder / "run.json").exists()


def before_the_first_step(life):
    assert life.states() == [0]
    assert not life.processes[-1].steps


def inside_an_epoch(life):
    assert life.states() == [0]
    assert life.processes[-1].steps == [0, 1, 2]  # an epoch is two
    assert len(history(life.folder)) == 1


def between_the_files_of_a_state(life):
    assert life.states() == [2, 3]
    names = {path.name for path in temporary(life, 4).iterdir()}
    assert "state.index" in names and "SHA256.json" not in names


def before_the_renaming(life):
    assert life.states() == [2, 3]
    assert is_sound(temporary(life, 4))


def between_removing_and_renaming(life):
    """The end of an epoch changes the state that its last step saved."""
    assert life.states() == [3]
    assert is_sound(temporary(life, 4))
    assert len(history(life.folder)) == 2


def between_two_epochs(life):
    assert life.states() == [5, 6]
    assert len(history(life.folder)) == 3  # whose third row the state knows nothing of


def while_old_states_are_removed(life):
    assert life.states() == [6, 7, 8]
    assert not is_sound(life.folder / "checkpoint" / "step-000000006")


def during_the_validation(life):
    assert life.states()[-1] == 16
    assert len(history(life.folder)) == 7


def while_statistics_are_written(life):
    assert len(history(life.folder)) == 8
    assert (life.folder / "statistics.npz").exists()
    assert not zipfile.is_zipfile(life.folder / "statistics.npz")


def while_results_are_written(life):
    assert list(life.folder.glob(".metrics.json.*.tmp"))
    assert not (life.folder / "metrics.json").exists()
    assert is_sound(life.folder / "checkpoint" / "final")


def after_the_results(life):
    assert (life.folder / "metrics.json").exists()
    assert life.states() == [15, 16]


def temporary(life, step):
    return life.folder / "checkpoint" / f"step-{step:09d}.tmp"


CHECKPOINT, STEP = "selfsup_segmentation.experiments.records.checkpoint:", At("tests.faults.child:begin_step")
MOMENTS = [
    Moment("images are decoded", At("pathlib:Path.replace", 5, ".raw"), while_decoding),
    Moment("start-up", At("selfsup_segmentation.experiments.training.network:build_model"), at_start_up),
    Moment("before the first step", STEP, before_the_first_step),
    Moment("inside an epoch", dataclasses.replace(STEP, nth=4), inside_an_epoch, minutes=10),
    Moment("between a state's files", At(f"{CHECKPOINT}write_json", 5), between_the_files_of_a_state),
    Moment("before a state is renamed", At("pathlib:Path.rename", 1), before_the_renaming),
    Moment("old state gone, new not renamed", At("pathlib:Path.rename", 2), between_removing_and_renaming),
    Moment("between two epochs", At(f"{CHECKPOINT}Checkpoints.save_if_due", 2), between_two_epochs),
    Moment("old states are removed", At("os:unlink", 6, "state."), while_old_states_are_removed),
    Moment(
        "validation",
        At("selfsup_segmentation.experiments.tasks.segmentation:SegmentationScore.update", 2),
        during_the_validation,
    ),
    Moment("statistics are written", At("zipfile:ZipFile.open", 1, "/010"), while_statistics_are_written),
    Moment("results are written", At("pathlib:Path.replace", 1, "metrics.json"), while_results_are_written),
    Moment("results are there, states too", At(f"{CHECKPOINT}Checkpoints.remove_all"), after_the_results),
]


def test_a_run_that_is_killed_at_every_moment_of_its_life_ends_as_if_it_was_not(life, reference, happened):
    for moment in MOMENTS:
        code, process = life.go(moment.fault, minutes=moment.minutes)
        assert code == -signal.SIGKILL, f"{moment.name}: ended with {code}: {process.why}"
        moment.seen(life)
        happened(f"kill -9: {moment.name}", life, process)
    code, process = life.go()
    assert code == 0, process.why
    assert_same(life.folder, reference)


@pytest.mark.slow
def test_a_run_that_is_killed_at_random_moments_ends_as_if_it_was_not(life, reference, happened):
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    draw = random.Random(seed)
    for _ in range(RANDOM_KILLS):
        process = life.start(minutes=0.02)
        time.sleep(draw.uniform(0, 10))
        process.kill()
        code = process.wait()
        assert code in (0, -signal.SIGKILL), process.why
        if code:
            happened(f"kill -9: random moments (FAULT_SEED={seed})", life, process)
    code, process = life.go()
    assert code == 0, process.why
    assert_same(life.folder, reference)
