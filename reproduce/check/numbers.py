"""Losses of the first steps of the three-task row beside those that other machines had."""

import dataclasses
import json
import math
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import MULTI_TASKS
from selfsup_segmentation.reproduce.check.measure import Job, in_a_process, write_scenes
from selfsup_segmentation.reproduce.check.modes import DEFAULT, MODES

REFERENCE = Path(__file__).with_name("reference.json")
TASKS, WEIGHTING = MULTI_TASKS[-1], "UW"
SIZE, STEPS = (128, 64), 12
# Adam's first steps have their full length even where a gradient is rounding noise, so that differences grow
# with each step: by the twelfth to some per cent at the rate of the runs, to a thousandth at this one.
LEARNING_RATE = 1e-5


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Losses beside expected ones.

    Attributes:
        largest: largest relative difference.
        tolerance: what was allowed where it was.
        step, task: where it was; the first step is 1.
        agrees: whether all differences are within their tolerances.
    """

    largest: float
    tolerance: float
    step: int
    task: str
    agrees: bool

    def __str__(self):
        at = f"{self.largest:.1e} at step {self.step} of {self.task}"
        return f"{'agrees' if self.agrees else 'DIFFERS'}: {at}, allowed {self.tolerance:.1e}"


def job(scenes):
    """The `reproduce.check.measure.Job` of these numbers."""
    return Job(str(scenes), TASKS, WEIGHTING, SIZE, STEPS, learning_rate=LEARNING_RATE)


def read_reference():
    """The kept numbers, see benchmarks/check_reference.py.

    Returns:
        Dict of ``losses`` (by task, a float for each step), and ``tolerance`` (the same, by precision).
    """
    return json.loads(REFERENCE.read_text(encoding="utf-8"))


def compare(losses, expected, tolerance):
    """Compare losses with expected ones.

    Args:
        losses, expected: dicts of task to a float for each step.
        tolerance: relative differences that are allowed, in the same way; None allows none.

    Returns:
        `Verdict` on the loss that differs most, as a multiple of its tolerance; NaN differs from everything.
    """
    found = []
    for task, values in expected.items():
        for step, (mine, theirs) in enumerate(zip(losses[task], values, strict=True), start=1):
            difference = abs(mine / theirs - 1)
            difference = difference if difference == difference else math.inf
            allowed = tolerance[task][step - 1] if tolerance else 0.0
            excess = difference / allowed if allowed else difference * math.inf if difference else 0.0
            found.append((excess, difference, allowed, step, task))
    excess, *most = max(found, key=lambda entry: entry[:2])
    return Verdict(*most, agrees=excess <= 1)


def check_numbers(folder):
    """Losses of the three-task row beside the kept ones, twice, and in each mode beside float32.

    Args:
        folder: where the scenes go.

    Returns:
        (entries of the table, `Verdict` by mode, dict of device, version and date).

    Raises:
        InputError: the row does not train here at all.
    """
    reference, scenes = read_reference(), write_scenes(folder, SIZE)
    first = in_a_process(job(scenes), "float32")
    if "failed" in first:
        raise InputError(f"the three-task row does not train on this machine: {first['failed']}")
    exact, rough = (reference["tolerance"][name] for name in ("float32", "mixed_bfloat16"))
    verdicts = {DEFAULT: compare(first["losses"], reference["losses"], exact)}
    entries = [_entry("float32 beside the kept losses", verdicts[DEFAULT])]
    again = in_a_process(job(scenes), "float32 again")
    same = compare(again["losses"], first["losses"], None)
    entries.append(_entry("float32 again, to the bit", same))
    for mode in MODES:
        if mode is DEFAULT or (mode.gpu and first["device"] == "CPU"):
            continue
        found = in_a_process(dataclasses.replace(job(scenes), readings=mode.readings), mode.name)
        if "failed" in found:
            entries.append({"what": mode.name, "failed": found["failed"]})
            continue
        tolerance = rough if mode.rounds else exact
        verdicts[mode] = compare(found["losses"], first["losses"], tolerance)
        entries.append(_entry(f"{mode.name} beside float32", verdicts[mode]))
    return entries, verdicts, {name: first[name] for name in ("device", "tensorflow", "date")}


def _entry(what, verdict):
    return {"what": what} | dataclasses.asdict(verdict)
