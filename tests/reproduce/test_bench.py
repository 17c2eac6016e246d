"""The benchmark's machinery, and its small comparisons for real; no test asks how fast anything is."""

import contextlib
import json

import numpy as np
import pytest

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import fingerprint_now
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.__main__ import main
from selfsup_segmentation.reproduce.bench import NAMES, command, lab, report, step
from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.finished_runs import fill_store
from selfsup_segmentation.reproduce.bench.material import scenes
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import Worker, WorkerError, missing, workers
from selfsup_segmentation.reproduce.tables.collect import collect
from tests.synthetic import KINDS, evaluation

MACHINE = {"cpu": "A processor", "cores": 2, "ram_gib": 4.0, "gpu": None}
CIRCUMSTANCES = {
    "date": "2024-05-06T07:08:09+00:00",
    "machine": MACHINE,
    "versions": {"python": "3", "torch": None},
}


@pytest.fixture
def settings(tmp_path):
    return Settings((64, 32), 2, 2, True, tmp_path / "data", tmp_path)


# --- What is made of measurements -------------------------------------------------------------------------


def test_a_ratio_is_of_the_same_round():
    ratio = Spread("a", "s", (1.0, 4.0, 9.0)).over(Spread("b", "s", (1.0, 2.0, 3.0)), "a ÷ b")
    assert ratio.by_round == (1.0, 2.0, 3.0)
    assert ratio.as_dict().items() >= {"min": 1.0, "median": 2.0, "max": 3.0, "unit": ""}.items()
    with pytest.raises(ValueError):
        Spread("a", "s", (1.0,)).over(Spread("b", "s", (1.0, 2.0)), "a ÷ b")


@pytest.mark.parametrize(
    ("value", "at_most", "verdict"),
    [(0.5, True, "met"), (1.0, True, "met"), (1.5, True, "missed by 50.0 %"),
     (2.0, False, "met"), (1.0, False, "met"), (0.75, False, "missed by 25.0 %")],
)  # fmt: skip
def test_a_bar_is_met_or_missed_by_so_much(value, at_most, verdict):
    bar = Bar("a number", value, 1.0, at_most)
    assert bar.verdict == verdict
    assert bar.met == (verdict == "met")


def test_measurements_are_taken_in_turns():
    made = []

    def call(name):
        made.append(name)
        return {"seconds": len(made)}

    numbers, order = in_turns({name: lambda name=name: call(name) for name in "ab"}, rounds=3)
    assert order == ["a", "b"] * 3
    assert made == ["a", "b"] * 4, "one round of warm-up comes before"
    assert numbers == {"a": {"seconds": (3, 5, 7)}, "b": {"seconds": (4, 6, 8)}}


# --- Child processes --------------------------------------------------------------------------------------


def test_a_worker_measures_when_asked(tmp_path):
    jobs = {"one": ("skimage_lab", {"size": [64, 32], "batch": 1, "times": 1}, 1)}
    with workers(jobs, tmp_path) as started:
        assert started["one"].call("convert")["seconds"] > 0
        with pytest.raises(WorkerError, match=r"skimage_lab ended with 1: .*KeyError: 'nothing'"):
            started["one"].call("nothing")


@pytest.mark.parametrize(
    ("job", "arguments", "said"),
    [
        ("skimage_lab", {"size": [0, -1], "batch": 1, "times": 1}, "ValueError"),
        ("nothing", {}, "ModuleNotFound"),
    ],
)
def test_a_job_that_fails_says_why(tmp_path, job, arguments, said):
    worker = Worker(job, arguments, tmp_path)
    with contextlib.closing(worker), pytest.raises(WorkerError, match=f"{job}: {said}"):
        worker.call("convert")


def test_packages_that_are_not_installed_are_named():
    assert missing("numpy", "json") is None
    assert missing("numpy", "no_such_package") == "no_such_package not installed; `make bench` installs them"


# --- The step, of children that only tell numbers ---------------------------------------------------------


class Told:
    """Stands for a worker."""

    def __init__(self, loss=1.0):
        self.facts = {"first_loss": loss, "forward_convolution_flops": 2 * 256**3}
        self.rounds = 0

    def call(self, name):
        if name == "memory":
            return {"peak_mib": 1.0}
        self.rounds += name == "step"
        return {"seconds": {"step": 6.0 * self.rounds, "matmul": 1.0}[name]}


@pytest.fixture
def told(monkeypatch):
    """Children of the comparison `step`, by name."""
    children = {}

    def start(jobs, folder):
        for name in jobs:
            children.setdefault(name, Told())
        return contextlib.nullcontext({name: children[name] for name in jobs})

    monkeypatch.setattr(step, "workers", start)
    return children


def test_a_missing_torch_is_said_and_asks_nothing(told, settings, monkeypatch):
    monkeypatch.setattr(step, "missing", lambda *packages: f"no {packages}")
    result = step.COMPARISON.measure(settings)
    assert "torch" not in told
    assert result.skipped == {"torch": "no ('torch', 'segmentation_models_pytorch')"}
    assert [bar.what for bar in result.bars] == ["share of the matmul bound that our step reaches"]


def test_the_step_beside_torch_and_the_bound(told, settings, monkeypatch):
    monkeypatch.setattr(step, "missing", lambda *packages: None)
    result = step.COMPARISON.measure(settings)
    assert list(result.order) == ["ours", "keras", "torch", "matmul"] * 2
    assert result.measured["ours"].by_round == (12.0, 18.0)
    assert {ratio.what: ratio.by_round for ratio in result.ratios} == {
        "ours ÷ keras": (1.0, 1.0),
        "ours ÷ torch": (1.0, 1.0),
        "bound ÷ ours": (3 / 12, 3 / 18),  # three forward passes at one matmul a second
    }
    torch, bound = result.bars
    assert (torch.value, torch.limit, torch.at_most, torch.met) == (1.0, 0.72, True, False)
    assert (bound.value, bound.limit, bound.at_most) == (pytest.approx((3 / 12 + 3 / 18) / 2), 0.80, False)


def test_steps_that_are_not_the_same_work_are_not_compared(told, settings, monkeypatch):
    monkeypatch.setattr(step, "missing", lambda *packages: "not here")
    told["keras"] = Told(loss=2.0)
    with pytest.raises(WorkerError, match="not the same work"):
        step.COMPARISON.measure(settings)


# --- Material ---------------------------------------------------------------------------------------------


def test_the_reference_makes_the_same_color_classes():
    from selfsup_segmentation.reproduce.bench.jobs.reference_frame import lab_and_classes
    from selfsup_segmentation.reproduce.bench.jobs.runs import STATISTICS

    images = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    found, classes = lab_and_classes(images)
    np.testing.assert_array_equal(STATISTICS.bins.encode(found.astype(np.float32)), classes)


def test_many_finished_runs_fill_a_table(tmp_path):
    results = evaluation(("seg", "color", "depth"), by_image={"a": 0.5, "b": None})
    metrics = Results(dict.fromkeys(KINDS, results))
    session = {"code": provenance.code_digest(), "versions": provenance.versions(), "started_from": None}
    described = {"format": 1, "data": {}, "sessions": [session]}
    source = scenes(tmp_path, (64, 32), 1, 1)
    seeds, finished = fill_store(tmp_path / "runs", source, 22, 5, described, metrics)
    assert (seeds, finished) == ([0, 1], 42)
    runs, store = catalog.table1_runs("scenes-demo", seeds), Store(tmp_path / "runs")
    measured, reasons = collect(runs, store, Readings(), fingerprint=fingerprint_now({"scenes-demo": source}))
    assert not reasons
    assert len(measured) == 21 and {len(numbers) for numbers in measured.values()} == {2}
    assert all(("color_miou" in numbers[0]) == ("+C" in row) for (row, _), numbers in measured.items())
    listed = store.metrics(runs[0]).evaluations["shared"]["seg"].by_image
    assert list(listed.values()) == [0.5, None, 0.5, None, 0.5]


# --- The command ------------------------------------------------------------------------------------------


def run(monkeypatch, tmp_path, measure, *more):
    """`bench --only lab` with another measurement; returns its exit code."""
    monkeypatch.setattr(command, "circumstances", lambda scratch: dict(CIRCUMSTANCES))
    monkeypatch.setattr(lab, "COMPARISON", Comparison("A title", "What is compared.", measure))
    return main(["bench", "--only", "lab", "--out", str(tmp_path / "out"), *more])


def test_a_bar_that_is_missed_is_a_result_like_any_other(monkeypatch, tmp_path, capsys):
    spread = Spread("seconds", "s", (1.0, 2.0, 3.0))
    bars = [Bar("a ratio", 3.0, 2.0), Bar("another", 5.0, 4.0, at_most=False)]
    result = Result({"a": spread}, [spread], bars, {"n": 12345, "nothing": {}}, ["a"], {"torch": "not here"})
    assert run(monkeypatch, tmp_path, lambda settings: result) == 0
    said, page = capsys.readouterr().out, (tmp_path / "out" / "bench.md").read_text(encoding="utf-8")
    for part in ("A processor, 2 cores", "A title", "12,345", "torch was not measured: not here", "1024×512"):
        assert part in said and part in page
    assert (
        "a ratio: 3, asked at most 2: missed by 50.0 %" in said
        and "another: 5, asked at least 4: met" in said
    )
    assert "| lab | a ratio | 3 | at most 2 | **missed by 50.0 %** |" in page
    data = json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))
    assert data["comparisons"]["lab"]["bars"][0]["met"] is False
    assert data["comparisons"]["lab"]["measured"]["a"]["by_round"] == [1.0, 2.0, 3.0]
    assert (data["size"], data["batch"], data["repeat"], data["quick"]) == ([1024, 512], 2, 7, False)
    assert [path.name for path in (tmp_path / "out").glob("scratch-*")] == []


def test_a_comparison_that_fails_is_told_after_all_is_written(monkeypatch, tmp_path, capsys):
    def fail(settings):
        raise WorkerError("a child fell over")

    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, tmp_path, fail)
    assert ended.value.code == 1
    assert "failed: a child fell over" in capsys.readouterr().out
    assert "failed: a child fell over" in (tmp_path / "out" / "bench.md").read_text(encoding="utf-8")


def test_settings_reach_the_comparison(monkeypatch, tmp_path):
    found = []
    options = ["--quick", "--repeat", "3", "--size", "96x64", "--batch", "4"]
    assert run(monkeypatch, tmp_path, lambda settings: found.append(settings) or Result(), *options) == 0
    assert (found[0].size, found[0].batch, found[0].repeat, found[0].quick) == ((96, 64), 4, 3, True)
    assert (found[0].amount(10, 1), found[0].folder) == (1, tmp_path / "out" / "data")


@pytest.mark.parametrize(
    "wrong", [("--size", "100x64"), ("--size", "large"), ("--repeat", "-1"), ("--batch", "0")]
)
def test_options_without_sense_are_refused(tmp_path, capsys, wrong):
    assert main(["bench", "--out", str(tmp_path), *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


def measure_for_real(tmp_path, *names):
    assert main(["bench", "--quick", "--only", *names, "--out", str(tmp_path)]) == 0
    return json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))


def check_form(data, names):
    assert list(data["comparisons"]) == list(names)
    assert data["machine"]["cores"] >= 1 and data["machine"]["ram_gib"] > 0
    assert data["versions"]["tensorflow"] and "torch" in data["versions"]
    for found in data["comparisons"].values():
        for spread in (*found["measured"].values(), *found["ratios"]):
            assert len(spread["by_round"]) == data["repeat"] == 2
            assert spread["min"] <= spread["median"] <= spread["max"]
        half = len(found["order"]) // 2
        assert found["order"][:half] == found["order"][half:] and len(set(found["order"])) == half
        assert all(bar["verdict"] == "met" or "missed by" in bar["verdict"] for bar in found["bars"])


def test_small_comparisons_for_real(tmp_path):
    data = measure_for_real(tmp_path, "lab", "evaluation")
    check_form(data, ("lab", "evaluation"))
    lab_found, evaluation = data["comparisons"].values()
    assert lab_found["facts"]["all cores"]["largest_difference_from_skimage"] <= 1e-3
    assert lab_found["facts"]["all cores"]["share_of_equal_color_classes"] >= 0.999
    assert evaluation["facts"]["largest_difference_of_an_iou"] <= 1e-9
    assert evaluation["facts"]["official"]["variant"].startswith(("NumPy", "compiled"))
    assert evaluation["facts"]["memory"]["images"] == 6


@pytest.mark.slow
def test_every_comparison_for_real(tmp_path):
    data = measure_for_real(tmp_path, *NAMES)
    check_form(data, NAMES)
    assert data["comparisons"]["step"]["facts"]["ours"]["first_loss"] == pytest.approx(
        data["comparisons"]["step"]["facts"]["keras"]["first_loss"], rel=1e-3
    )
    torch = data["versions"]["torch"] is None
    assert ("torch" in data["comparisons"]["step"]["skipped"]) == torch
    assert report.QUICK in (tmp_path / "bench.md").read_text(encoding="utf-8")
