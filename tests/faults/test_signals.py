"""Signals of a cluster or terminal: a checkpoint is saved, and the exit code names the signal."""

import dataclasses
import signal
from collections.abc import Callable

from tests.faults.child import At
from tests.faults.compare import assert_same

TERM, USR1, HUP, INT = signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT
EXIT_CODES = {TERM: 75, USR1: 75, HUP: 75, INT: 130}
STEP = "tests.faults.child:begin_step"


@dataclasses.dataclass(frozen=True)
class Request:
    """A moment at which a process is asked to stop, and the states that it has afterwards."""

    name: str
    at: At
    states: list[int]
    also: Callable = lambda life: None


def unfinished(life):
    assert not (life.folder / "metrics.json").exists()


def finished(life):
    assert (life.folder / "metrics.json").exists()


REQUESTS = [
    Request("SIGTERM: images are decoded", At("pathlib:Path.replace", 5, ".raw", TERM), []),
    Request("SIGINT: images are decoded", At("pathlib:Path.replace", 2, ".raw", INT), []),
    Request("SIGUSR1: inside an epoch", At(STEP, 4, "", USR1), [0, 4], unfinished),
    Request("SIGINT: first step of an epoch", At(STEP, 1, "", INT), [4, 5], unfinished),
    Request(
        "SIGHUP: validation",
        At("selfsup_segmentation.experiments.tasks.segmentation:SegmentationScore.update", 1, "", HUP),
        [5, 16],
        unfinished,
    ),
    Request(
        "SIGINT: last evaluation",
        At("selfsup_segmentation.experiments.tasks.disparity:DepthScore.update", 3, "", INT),
        [5, 16],
        unfinished,
    ),
    Request("SIGTERM: weights are saved for good", At("pathlib:Path.rename", 2, "", TERM), [], finished),
]


def test_a_run_that_is_asked_to_stop_saves_its_state_and_goes_on_to_the_same_end(life, reference, happened):
    for request in REQUESTS:
        code, process = life.go(request.at)
        assert code == EXIT_CODES[request.at.signal], f"{request.name}: ended with {code}: {process.why}"
        assert "Traceback" not in process.err
        assert len(process.complaints) == 1, process.complaints
        assert life.states() == request.states
        request.also(life)
        happened(request.name, life, process)
    code, process = life.go()
    assert code == 0, process.why
    assert_same(life.folder, reference)
    assert [life.lost(process) for process in life.processes] == [0] * len(life.processes)
