"""The benchmarks' rounds and report, and comparisons on tiny amounts; no test asks how fast anything is."""

import json
import os
import sys

import pyperf
import pytest

from benchmarks import lab, step
from benchmarks.__main__ import MODULES, main
from benchmarks.comparison import Number, Settings
from benchmarks.report import QUICK
from benchmarks.rounds import Candidate, CandidateError, measure


@pytest.fixture
def settings(tmp_path):
    return Settings((64, 32), 1, 3, True, tmp_path / "data", tmp_path)


def noting(settings, name, factor):
    """A candidate that notes its turns in a file and reports their count times a factor."""
    turns = settings.scratch / "turns"

    def timer():
        with turns.open("a") as file:
            file.write(name)
        return factor * turns.read_text().count(name)

    return {"process": os.getpid()}, {"turn": timer}


def failing(settings, message=None):
    """A candidate that raises an error, or whose process ends with a message."""
    if message is None:
        raise ValueError("no such network")
    print(message, file=sys.stderr, flush=True)
    os._exit(3)


def test_rounds_are_interleaved_and_ratios_are_of_the_same_round(settings):
    candidates = {
        name: Candidate(noting, {"name": name, "factor": f}) for name, f in (("a", 3.0), ("b", 2.0))
    }
    rounds = measure(candidates, settings)
    assert (settings.scratch / "turns").read_text() == "ab" * 4, "a round of warm-up, then three rounds"
    assert rounds.benchmarks["a turn"].get_values() == (6.0, 9.0, 12.0)
    assert rounds.ratios("a turn", "b turn") == [1.5, 1.5, 1.5]
    assert len({os.getpid(), *(facts["process"] for facts in rounds.facts.values())}) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one: ValueError: no such network"),
        ({"message": "out of memory"}, "one: .* ended: out of memory"),
    ],
)
def test_a_candidate_that_fails_is_named_with_its_error(settings, arguments, message):
    with pytest.raises(CandidateError, match=message):
        measure({"one": Candidate(failing, arguments)}, settings)


def test_a_candidate_may_have_the_name_of_a_row(settings):
    rounds = measure({"SS+C/GS": Candidate(noting, {"name": "a", "factor": 1.0})}, settings)
    assert list(rounds.benchmarks) == ["SS+C/GS turn"]


def test_a_candidate_without_its_package_is_skipped_in_one_sentence(settings):
    rounds = measure({"one": Candidate(failing, packages=("json", "no_such_package"))}, settings)
    assert rounds.skipped == {"one": "not run: no_such_package not installed; `make bench` installs it"}
    assert not rounds.benchmarks


@pytest.mark.parametrize(
    ("bars", "verdict"),
    [({}, ""), ({"at_most": 2.0}, "met"), ({"at_most": 1.6}, "missed by 25.0 %"),
     ({"at_least": 2.0}, "met"), ({"at_least": 2.5}, "missed by 20.0 %")],
)  # fmt: skip
def test_the_median_decides_on_a_bar(bars, verdict):
    number = Number("a ÷ b", [3.0, 1.0, 2.0], **bars).to_dict()
    assert number.items() >= {"min": 1.0, "median": 2.0, "max": 3.0, "verdict": verdict}.items()


@pytest.mark.parametrize(
    "wrong", [("--size", "100x64"), ("--size", "large"), ("--repeat", "0"), ("--batch", "-1")]
)
def test_options_without_sense_are_refused(tmp_path, capsys, wrong):
    with pytest.raises(SystemExit) as ended:
        main(["--out", str(tmp_path), *wrong])
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def run(folder, *names):
    """Exit code and ``bench.json`` of comparisons on tiny amounts."""
    code = main(["--quick", "--only", *names, "--out", str(folder)])
    assert QUICK in (folder / "bench.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.glob("scratch-*")] == []
    return code, json.loads((folder / "bench.json").read_text(encoding="utf-8"))["comparisons"]


def works(settings):
    """A comparison of nothing."""
    return measure({}, settings), [Number("a", [1.0])]


def test_a_failed_comparison_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "graph", failing)
    monkeypatch.setattr(step, "compare_precision", works)
    code, comparisons = run(tmp_path, "lab", "precision")
    assert code == 1
    assert comparisons["precision"]["numbers"][0]["median"] == 1.0
    assert comparisons["lab"] == {"failed": "one core: ValueError: no such network"}
    assert "**Failed:** one core: ValueError: no such network" in capsys.readouterr().out


def test_lab_beside_scikit_image_for_real(tmp_path):
    code, comparisons = run(tmp_path, "lab")
    assert code == 0
    assert [len(number["by_round"]) for number in comparisons["lab"]["numbers"]] == [2, 2]
    assert comparisons["lab"]["facts"]["all cores"]["largest_difference_from_skimage"] <= 1e-3
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "bench.json"))
    assert suite.get_benchmark("lab: scikit-image convert").get_nvalue() == 2
    assert suite.get_metadata()["cpu_count"] >= 1 and "tensorflow_version" in suite.get_metadata()


@pytest.mark.slow
def test_every_comparison_for_real(tmp_path):
    code, comparisons = run(tmp_path, *MODULES)
    assert code == 0, comparisons
    assert list(comparisons) == list(MODULES)
    assert all(comparison["numbers"] for comparison in comparisons.values())
