"""``reproduce check``: verdicts, hours and recommendation from numbers made up, and short runs for real."""

import itertools
import json
import math

import pytest

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.reproduce.check import delivery, measure, numbers, speed
from selfsup_segmentation.reproduce.check.modes import DEFAULT, MODES
from tests import narrow
from tests.refused import refused, reproduce
from tests.synthetic import measured_in_no_time

REFERENCE = numbers.read_reference()
EXACT = REFERENCE["tolerance"]["float32"]
LOSSES = REFERENCE["losses"]


def changed(task, step, factor):
    """The kept losses, but one."""
    values = list(LOSSES[task])
    values[step - 1] *= factor
    return LOSSES | {task: values}


def test_the_kept_losses_are_of_every_task_and_step_and_tolerances_never_fall():
    assert tuple(LOSSES) == numbers.TASKS
    for tolerance in REFERENCE["tolerance"].values():
        for task, values in LOSSES.items():
            assert len(values) == len(tolerance[task]) == numbers.STEPS
            assert all(0 < a <= b < 0.5 for a, b in itertools.pairwise(tolerance[task]))


@pytest.mark.parametrize("task", numbers.TASKS)
@pytest.mark.parametrize("step", [1, numbers.STEPS])
def test_a_verdict_names_what_differs_most_for_its_tolerance(task, step):
    tolerance = EXACT[task][step - 1]
    for share, agrees in ((0.9, True), (1.1, False)):
        verdict = numbers.compare(changed(task, step, 1 + share * tolerance), LOSSES, EXACT)
        assert (verdict.task, verdict.step, verdict.agrees) == (task, step, agrees)
        assert verdict.largest == pytest.approx(share * tolerance, rel=1e-6)
    assert f"step {step} of {task}" in str(verdict)


def test_equality_and_nan():
    assert numbers.compare(LOSSES, LOSSES, None).agrees
    assert not numbers.compare(changed("seg", 3, 1 + 1e-15), LOSSES, None).agrees
    assert not numbers.compare(changed("depth", 3, math.nan), LOSSES, EXACT).agrees


def test_hours_are_those_of_the_slowest_families_too():
    def hours(**rates):
        by_tasks = {tasks: rates.get(name, 1.0) for name, tasks in speed.FAMILIES.items()}
        return speed.hours_of_table1(by_tasks, CITYSCAPES.released)

    whole = hours()
    assert whole == pytest.approx(928, abs=0.5)  # 3,341 PFLOP at 1 TFLOP/s, docs/REPRODUCE.md
    assert hours(**dict.fromkeys(speed.FAMILIES, 4.0)) == pytest.approx(whole / 4)
    saved = {name: whole - hours(**{name: 2.0}) for name in speed.FAMILIES}
    # Three single-task rows against six of each other family, and the pre-training beside the last.
    assert 0 < saved["SS"] < saved["SS+D"] < saved["SS+C"] < saved["SS+C+D"]
    assert sum(saved.values()) == pytest.approx(whole / 2)


def test_the_fastest_mode_that_agrees_and_rounds_as_float32_is_recommended():
    _, nondeterministic, xla, tf32, bfloat16, _ = MODES
    agrees = numbers.Verdict(0.0, 1e-5, 1, "seg", True)
    differs = numbers.Verdict(0.1, 1e-5, 1, "seg", False)
    hours = {DEFAULT: 100.0, nondeterministic: 80.0, xla: 60.0, tf32: 50.0, bfloat16: 30.0}
    assert speed.recommend(hours, dict.fromkeys(hours, agrees))[0] == xla
    assert speed.recommend(hours, dict.fromkeys(hours, agrees) | {xla: differs})[0] == nondeterministic
    assert (
        speed.recommend(hours | {xla: 96.0, nondeterministic: 99.0}, dict.fromkeys(hours, agrees))[0]
        == DEFAULT
    )


def test_the_row_has_the_kept_losses_on_this_machine(tmp_path):
    found = measure.in_a_process(numbers.job(measure.write_scenes(tmp_path, numbers.SIZE)), "float32")
    verdict = numbers.compare(found["losses"], LOSSES, EXACT)
    assert verdict.agrees, verdict
    assert found["seconds"] > 0 and 0 <= found["input_wait"] <= 1 and found["launches"] > 1000


@pytest.fixture
def check(monkeypatch, tmp_path):
    """Function of words that runs ``reproduce check`` with a function in place of the processes."""

    def check(*words, process=measured_in_no_time):
        for module in (numbers, speed):
            monkeypatch.setattr(module, "in_a_process", process)
            monkeypatch.setattr(module, "write_scenes", lambda folder, size: folder)
        words = ("check", "--runs", tmp_path, *words)
        try:
            code = reproduce(*words)
        except SystemExit as ended:
            code = ended.code
        return code, json.loads((tmp_path / "check" / "check.json").read_text(encoding="utf-8"))

    return check


def test_a_sound_machine_gets_every_mode_and_a_failed_one_keeps_its_reason(check, capsys):
    code, result = check()
    assert code == 0 and result["problems"] == [] and result["size"] == [1024, 512]
    assert {entry["mode"] for entry in result["speed"]} == {mode.name for mode in MODES} - {"float16"}
    assert [entry["failed"] for entry in result["numbers"] if "failed" in entry] == ["no such kernel"]
    printed = capsys.readouterr().out
    assert "Recommended: reproduce table1 --cityscapes DIR (" in printed and "no such kernel" in printed


def test_other_numbers_and_numbers_that_change_are_problems(check):
    count = itertools.count()

    def process(job, name):
        return measured_in_no_time(job, name) | {"losses": changed("color", 2, 1.5 + next(count))}

    code, result = check("--size", "64x32", process=process)
    assert code == 1
    assert "float32 DIFFERS" in result["problems"][0] and "step 2 of color" in result["problems"][0]
    assert "other losses" in result["problems"][1]


def test_a_row_that_does_not_train_and_an_impossible_size_are_refused(check, capsys, monkeypatch, tmp_path):
    assert "multiples of 32" in refused(capsys, "check", "--runs", tmp_path, "--size", "100x64")
    monkeypatch.setattr(numbers, "in_a_process", lambda job, name: {"failed": "no memory"})
    assert "does not train on this machine: no memory" in refused(capsys, "check", "--runs", tmp_path)


def test_delivery_of_a_data_set(pristine, tmp_path):
    found = delivery.measure_delivery(Source(CITYSCAPES, pristine), tmp_path / "cache")
    assert found["frames"] == 4 and min(found["decoded"], found["delivered"], found["free_bytes"]) > 0
    # Training: left, right and labels of 4; validation: left and labels of 2; pre-training: two views of 3.
    assert found["cache_bytes"] == 1024 * 512 * (4 * 7 + 2 * 4 + 3 * 6)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_all_of_it_with_a_network_that_has_other_numbers(monkeypatch, tmp_path):
    """The narrow network's losses are not the kept ones, which is said; everything else is sound."""
    for name, value in narrow.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        reproduce("check", "--runs", tmp_path, "--size", "64x32")
    assert ended.value.code == 1
    result = json.loads((tmp_path / "check" / "check.json").read_text(encoding="utf-8"))
    assert len(result["problems"]) == 1 and "float32 DIFFERS" in result["problems"][0]
    assert result["numbers"][1]["agrees"]
    assert all(entry["tflops"] > 0 for entry in result["speed"]) and len(result["speed"]) == 8
