import dataclasses
import json
import math
import shutil

import numpy as np
import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.history import read_history, truncate_history
from selfsup_segmentation.experiments.records.json_files import FORMAT, read_json, read_record, write_json
from selfsup_segmentation.experiments.records.results import Results, headline
from selfsup_segmentation.experiments.records.store import Store, without_pattern
from selfsup_segmentation.experiments.tasks.disparity import DepthResult, Errors
from selfsup_segmentation.experiments.tasks.miou import IoU
from selfsup_segmentation.reproduce.__main__ import main
from tests.experiments.conftest import tiny_run


def test_a_run_is_finished_exactly_when_its_metrics_are_there(tmp_path):
    store, run = Store(tmp_path), tiny_run(("seg",))
    assert store.metrics(run) is None
    store.write_failure(run, "no weights")
    assert store.failure(run) == "no weights"
    results = Results({}, {"sem_miou": 0.5})
    results.write(store.folder(run))
    assert store.metrics(run) == results


def test_results_of_an_early_version_are_read_and_others_refused(tmp_path):
    native = {"miou": 0.5, "classes": 1, "per_class": {"road": 0.5, "train": None}}
    errors = {"abs_rel": 0.1, "sq_rel": 0.2, "rmse": 0.3, "rmse_log": 0.4}
    early = {"seg": {"native": native, "network": {"miou": 0.25}}, "depth": {"disp_half": errors}}
    write_json(
        tmp_path / "metrics.json", {"format": FORMAT, "results": {"per_input": early, "shared": early}}
    )
    results = Results.read(tmp_path)
    assert results.of("seg", Readings()).native == IoU(**native)
    assert results.of("seg", Readings()).by_image is None and results.of("color", Readings()) is None
    assert results.of("depth", Readings()) == DepthResult(Errors(**errors))
    assert headline(results.evaluations, Readings()) == {"sem_miou": 0.5} | errors
    metres = headline(results.evaluations, Readings(depth_metric="depth_m", cap_mode="clip"))
    assert metres == {"sem_miou": 0.5} | dict.fromkeys(errors)
    for damage in ({}, {"results": {"per_input": {"no task": {}}}}, {"results": [1]}):
        write_json(tmp_path / "metrics.json", {"format": FORMAT} | damage)
        with pytest.raises(InputError, match=r"metrics\.json does not hold the results"):
            Results.read(tmp_path)


def test_json_holds_plain_numbers_and_null_for_nan(tmp_path):
    write_json(tmp_path / "a.json", {"x": np.float32(0.5), "y": [math.nan, 1], "z": np.arange(2)})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 0.5, "y": [None, 1], "z": [0, 1]}


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"x": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"x": math.inf})
    assert read_json(path) == {"x": 1}


def test_history_keeps_the_epochs_before_a_resumed_one(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,val\n0,1.5,nan\n1,1.25,0.5\n2,1.0,nan\n")
    truncate_history(path, 2)
    rows = read_history(path)
    assert [row["loss"] for row in rows] == [1.5, 1.25]
    truncate_history(path, 0)
    assert read_history(path) == []


DAMAGED = {
    "empty": b"",
    "zeros": bytes(100),
    "cut off": b'{"format": 1, "schedule": {"epo',
    "no text": b"\xff\xfe{}",
    "no object": b"[1, 2]",
    "null": b"null",
    "deep": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is damaged .*; remove it") as damaged:
        read_json(path)
    assert str(damaged.value).startswith(f"{path} is damaged")
    assert "\n" not in str(damaged.value)


def test_what_is_no_file_is_named_and_what_is_not_there_is_nothing(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(InputError, match=r"a\.json cannot be read"):
        read_json(tmp_path / "a.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/run\.json cannot be read"):
        read_record(tmp_path / "file", "run.json")
    assert read_json(tmp_path / "b.json") is None


def test_a_failure_without_a_reason_is_one_all_the_same(tmp_path):
    store, run = Store(tmp_path), tiny_run(("seg",))
    assert store.failure(run) is None
    write_json(store.folder(run) / "failure.json", {})
    assert store.failure(run) == "no reason is known"


def test_a_path_that_would_be_a_pattern_gets_another_name(tmp_path):
    for name in ("a", "a[1]", "a*", "a?", "a\\b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
        with without_pattern(tmp_path / name) as folder:
            assert (folder / "file").read_text() == name
            assert (folder == tmp_path / name) is (name == "a")
            assert not set("[]*?\\") & set(str(folder))
    assert not folder.exists()
    assert (tmp_path / name / "file").exists()


DONE, OTHER = tiny_run(("seg",), init="CoarseCTS"), tiny_run(("seg",), seed=1)


@pytest.fixture
def store(tmp_path, scenes):
    """Runs folder with a finished run of this version's format, which nobody trained, and one under way."""
    store = Store(tmp_path / "runs")
    described = {"format": FORMAT, "data": {"root": str(scenes.root)}, "sessions": [{}]}
    for run in (DONE, OTHER):
        write_json(store.folder(run) / "run.json", run.to_dict() | described)
    Results({}).write(store.folder(DONE))
    return store


def rewrite(path, **changes):
    write_json(path, read_record(path.parent, path.name) | changes)


@pytest.fixture
def reproduce(store, scenes, tmp_path, capsys):
    """Runs the command line on the store and returns its exit code, what it printed and its complaints."""

    def reproduce(verb, *options):
        if verb in ("evaluate", "samples"):
            options = (store.folder(DONE), *([tmp_path / "out.png"] if verb == "samples" else []))
        elif verb == "status":
            options = ("--runs", store.root)
        else:
            options = ("--cityscapes", scenes.root, "--runs", store.root, *options)
        code = main([verb, *map(str, options)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, [line for line in said.err.splitlines() if line.startswith("reproduce: ")]

    return reproduce


COMMANDS = {
    "evaluate": ["evaluate"],
    "samples": ["samples"],
    "train": ["train", "--row", "SS", "--init", "CoarseCTS"],
    "table1": ["table1", "--rows", "SSCoarseCTS"],
    "plan": ["table1", "--plan"],
    "compare": ["compare"],
    "table2": ["table2"],
    "table4": ["table4"],
    "claims": ["claims"],
}


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("record", "found"), [("run.json", FORMAT + 1), ("metrics.json", FORMAT - 1)])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_run_of_another_format_is_refused_by_its_folder_and_stays(reproduce, store, command, record, found):
    folder = store.folder(DONE)
    rewrite(folder / record, format=found)
    before = content(folder)
    code, _, complaints = reproduce(*command)
    assert code == 2
    (sentence,) = complaints
    assert f"{folder / record} has format {found}, and this version reads format {FORMAT}: " in sentence
    assert content(folder) == before


def test_a_run_of_another_format_is_not_gone_on_with(reproduce, store):
    folder = store.folder(DONE)
    (folder / "metrics.json").unlink()
    rewrite(folder / "run.json", format=FORMAT + 1)
    code, _, complaints = reproduce("train", "--row", "SS", "--init", "CoarseCTS")
    assert code == 2
    assert f"{folder / 'run.json'} has format {FORMAT + 1}" in complaints[0]
    assert read_json(folder / "run.json")["format"] == FORMAT + 1


@pytest.mark.parametrize("command", [COMMANDS["evaluate"], COMMANDS["train"], COMMANDS["compare"]])
def test_damaged_records_of_a_run_are_refused_by_their_name(reproduce, store, command):
    for name in ("metrics.json", "run.json"):
        path = store.folder(DONE) / name
        path.write_bytes(path.read_bytes()[:-20])
        code, _, complaints = reproduce(*command)
        assert code == 2
        assert any(f"{path} is damaged" in sentence for sentence in complaints)


def test_a_description_without_what_this_version_needs_is_refused_by_the_runs_name(reproduce, store):
    path = store.folder(DONE) / "run.json"
    schedule = read_json(path)["schedule"]
    del schedule["size"]
    rewrite(path, schedule=schedule)
    code, _, (sentence,) = reproduce("evaluate")
    assert code == 2
    assert DONE.folder in sentence
    assert "another version" in sentence


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "failure.json"])
def test_status_says_what_is_wrong_with_a_run_and_lists_the_others(reproduce, store, name):
    path = store.folder(DONE) / name
    path.write_text("{")
    code, shown, complaints = reproduce("status")
    assert (code, complaints) == (0, [])
    lines = dict(line.split(maxsplit=1) for line in shown.splitlines())
    assert lines.keys() == {DONE.folder, OTHER.folder}
    assert lines[DONE.folder].startswith(f"{path} is damaged")
    assert lines[OTHER.folder] == f"0/{OTHER.schedule.epochs} epochs  not finished"


@pytest.mark.parametrize(
    ("command", "options"),
    [("train", ("--row", "SS", "--init", "CoarseCTS", "--seed", "1")), ("compare", ("--seeds", "1"))],
)
def test_a_folder_that_holds_another_run_is_refused(reproduce, store, command, options):
    """As after a copy, or where an earlier version gave two learning rates one name."""
    shutil.copytree(store.folder(DONE), store.folder(dataclasses.replace(DONE, seed=1)))
    code, shown, (sentence,) = reproduce(command, *options)
    assert code == 2 and "wrote" not in shown
    assert "seed1 holds another run: its seed is 0, not 1; rename or remove the folder" in sentence
