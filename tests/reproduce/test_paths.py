"""Results are written where they belong, whatever a user's folders are called and wherever they are.

One tiny run is trained by another process, with difficult paths for everything at once and with the data set
mounted read-only where that is permitted; the other verbs work on that run.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.scenes import write_cityscapes, write_kitti
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.records.json_files import read_json, write_json
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.tables import table2
from tests.conftest import REPOSITORY
from tests.refused import refused, reproduce

NAME = "ä 日本 [x]*? 100% \\ 'q' $HOME"
RUN = "scenes-demo/SS+D-GS/random/seed0,epochs=1,size=64x32"

# Runs a command under a mount of its own that is gone with it, where the system permits that.
READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit
if touch "$1/new" 2>/dev/null; then exit; fi
echo mounted
shift
exec "$@"
"""


class World:
    """Folders of a user, all with ugly names, and the data set in them.

    ``home`` is HOME and ``cwd`` the current folder. The data set ``home/data`` is a link; below it a city's
    folder is a link, and so is each right image.
    """

    def __init__(self, root):
        self.home, self.cwd, self.disk = (root / f"{part} {NAME}" for part in ("home", "cwd", "disk"))
        self.home.mkdir(parents=True)
        self.cwd.mkdir()
        data, counts = self.disk / "data", {"train": 3, "val": 2, "test": 1, "train_extra": 1}
        write_cityscapes(data, counts, (128, 64), seed=1, processes=1)
        for path in sorted((data / "rightImg8bit").rglob("*.png")):
            move_and_link(path, self.disk / "files" / path.name)
        move_and_link(next((data / "leftImg8bit" / "train").iterdir()), self.disk / "a city")
        write_kitti(self.disk / "kitti", 5, size=(128, 48), seed=1, processes=1)
        move_and_link(self.disk / "kitti" / "training" / "image_3", self.disk / "a part")
        for name in ("data", "kitti"):
            (self.home / f"{name} {NAME}").symlink_to(self.disk / name, target_is_directory=True)
        self.before = snapshot(self.disk)

    @property
    def run(self):
        return self.cwd / f"runs {NAME}" / RUN


def move_and_link(path, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    path.symlink_to(os.path.relpath(target, path.parent), target_is_directory=target.is_dir())


def snapshot(folder):
    """Mode, inode, size and time of everything below a folder, by path."""
    states = {path: path.lstat() for path in [folder, *folder.rglob("*")]}
    return {path: (s.st_mode, s.st_ino, s.st_size, s.st_mtime_ns) for path, s in states.items()}


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def training(untrained):
    """(world, whether its data was read-only, finished process) of one training."""
    options = ["--row", "SS+D/GS", "--epochs", "1", "--size", "64x32"]
    paths = ["--cityscapes", f"~/data {NAME}", "--runs", f"runs {NAME}", "--cache", f"../cache {NAME}"]
    command = [sys.executable, "-m", "selfsup_segmentation.reproduce", "train", *options, *paths]
    environment = os.environ | {"HOME": str(untrained.home), "PYTHONPATH": str(REPOSITORY)}

    def execute(*before):
        words, place = [*before, *command], {"cwd": untrained.cwd, "env": environment}
        return subprocess.run(words, **place, capture_output=True, text=True)

    alone = ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh", untrained.disk]
    done = execute(*alone) if shutil.which("unshare") else None
    read_only = done is not None and done.stdout.startswith("mounted")
    return untrained, read_only, done if read_only else execute()


@pytest.fixture
def world(training, monkeypatch):
    """A world with a finished run, as this process' HOME and current folder."""
    world, _, done = training
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("HOME", str(world.home))
    monkeypatch.chdir(world.cwd)
    return world


@pytest.fixture(autouse=True)
def data_is_unchanged(untrained):
    """No test of this file may change a data set."""
    yield
    assert snapshot(untrained.disk) == untrained.before


def test_a_training_leaves_its_files_where_they_belong_and_nothing_elsewhere(world):
    assert (world.run / "metrics.json").is_file()
    assert list((world.home.parent / f"cache {NAME}").glob("*.left.*.raw"))
    described = json.loads((world.run / "run.json").read_text(encoding="utf-8"))
    assert described["data"]["root"] == str(world.disk / "data")
    names = {path.name.removesuffix(f" {NAME}") for path in world.home.parent.iterdir()}
    assert names == {"home", "cwd", "disk", "cache"}
    assert "~" not in " ".join(path.name for path in world.cwd.iterdir())
    assert not (world.cwd / f"runs {NAME}" / "cache").exists()


def test_a_read_only_data_set_is_enough(training):
    _, read_only, done = training
    if not read_only:
        pytest.skip("this user may not mount anything, not even for a process of its own")
    assert done.returncode == 0, done.stderr


def assert_the_recorded_numbers(capsys):
    numbers = [line for line in capsys.readouterr().out.splitlines() if "difference" in line]
    assert len(numbers) == 5
    assert all(line.endswith("difference +0.0e+00") for line in numbers)


def test_evaluate_with_a_relative_path_from_another_folder(world, capsys, monkeypatch):
    elsewhere = world.run.parent / "seed1"
    elsewhere.mkdir(exist_ok=True)
    monkeypatch.chdir(elsewhere)
    cache = f"{os.path.relpath(world.home.parent)}/cache {NAME}"
    assert reproduce("evaluate", f"../{world.run.name}", "--cache", cache) == 0
    assert_the_recorded_numbers(capsys)


@pytest.mark.parametrize("linked", ["run", "dataset"])
def test_evaluate_a_run_behind_a_link(world, capsys, linked, tmp_path):
    """The link is to the run itself, or to the folder of all runs on a data set, on another disk."""
    if linked == "run":
        named, runs = world.home / f"best {NAME}", world.cwd / f"runs {NAME}"
        named.symlink_to(world.run)
    else:
        shutil.copytree(world.run, tmp_path / "disk" / RUN.partition("/")[2])
        runs = tmp_path / f"runs {NAME}"
        runs.mkdir()
        (runs / "scenes-demo").symlink_to(tmp_path / "disk")
        named = runs / RUN
    assert reproduce("evaluate", named) == 0
    assert_the_recorded_numbers(capsys)
    assert list((runs / "cache").iterdir())
    shutil.rmtree(runs / "cache")


def test_samples(world, capsys):
    words, cache = ["samples", world.run], ["--cache", f"../cache {NAME}"]
    assert reproduce(*words, f"~/samples {NAME}.PNG", "--count", "1", *cache) == 0
    assert np.asarray(Image.open(world.home / f"samples {NAME}.PNG")).std() > 10
    assert "never written to" in refused(capsys, *words, f"~/data {NAME}/x.png", *cache)


def test_status(world, capsys):
    assert reproduce("status", "--runs", f"runs {NAME}") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(RUN) and "done" in line


@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
def test_verify(world, capsys, tmp_path, layout):
    data = f"~/{'data' if layout == 'cityscapes' else 'kitti'} {NAME}"
    report = os.path.relpath(tmp_path / f"report {NAME}.x.json")
    for known in (False, True):
        runs = tmp_path / f"runs {NAME}"
        assert reproduce("verify", f"--{layout}", data, "--runs", runs, "--report", report) == 0
        shown = capsys.readouterr().out
        assert f"wrote {report}" in shown
        assert (", 0 known from before" in shown) is not known
    assert {path.name.partition(NAME)[0] for path in tmp_path.iterdir()} == {"runs ", "report "}
    assert json.loads((tmp_path / f"report {NAME}.x.json").read_text(encoding="utf-8"))["whole"] is True


def test_table_2_and_a_submission(world, tmp_path):
    """The finished run takes the place of both rows from CoarseCTS."""
    store, scores = Store(tmp_path / f"runs {NAME}"), dict.fromkeys(table2.OFFICIAL.values(), 0.5)
    for run in catalog.table1_runs("scenes-demo"):
        if run.init == "CoarseCTS" and catalog.table_row(run) in ("SSCoarseCTS", "SS+D/GS"):
            path = shutil.copytree(world.run, store.folder(run)) / "run.json"
            asked = {key: run.to_dict()[key] for key in ("tasks", "weighting", "init", "variations")}
            write_json(path, read_json(path) | asked)
            state = {"state_sha256": store.metrics(run).state_sha256}
            write_json(store.folder(run) / "official.json", scores | state)
    submission, out = f"~/submission {NAME}.zip", os.path.relpath(tmp_path / f"out {NAME}")
    options = ["--cityscapes", world.home / f"data {NAME}", "--init", "CoarseCTS", "--runs", store.root]
    assert reproduce("table2", *options, "--out", out, "--submission", submission) == 0
    with zipfile.ZipFile(world.home / submission[2:]) as archive:
        (name,) = archive.namelist()
    assert name.endswith("_pred.png")
    kinds = {".txt", ".md", ".csv", ".tex", ".json", ".html"}
    assert {path.suffix for path in (tmp_path / f"out {NAME}").iterdir()} == kinds


def test_table_3_from_runs_behind_a_link(world, capsys, tmp_path):
    """The name of the link is the label of the runs."""
    for run in catalog.with_dependencies(catalog.table1_runs("cityscapes")):
        Results({}).write(tmp_path / "disk" / run.folder)
    link, other = tmp_path / f"runs {NAME}" / "cityscapes", tmp_path / "disk" / "other"
    for folder in (link.parent, other):
        folder.mkdir()
    link.symlink_to(tmp_path / "disk" / "cityscapes")
    options = ["--kitti", f"~/kitti {NAME}", "--runs", os.path.relpath(tmp_path / f"more {NAME}"), "--plan"]
    options += ["--out", tmp_path / f"out {NAME}", "--cache", "~/unused", "--imagenet-weights", "~/unused"]
    for named in (link, f"{os.path.relpath(other)}/../cityscapes"):
        assert reproduce("table3", *options, "--cityscapes-runs", named) == 0
        lines = capsys.readouterr().out.splitlines()
        assert any("-after-cityscapes/seed0" in line for line in lines)
        assert all("done" in line for line in lines if line.startswith("cityscapes/"))
    assert not (world.home / "unused").exists()


def test_scenes(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for out in (f"~/absolute {NAME}", f"relative {NAME}"):
        assert reproduce("scenes", out, "--layout", "kitti", "--count", "1", "--size", "64x32") == 0
        assert (tmp_path / out.removeprefix("~/") / "scenes.json").is_file()
    assert len(list(tmp_path.iterdir())) == 2


# Every option that takes a path, as the last words of a command; {} is the path.
OPTIONS = {
    "--cityscapes": ["table1", "--plan", "--cityscapes", "{}"],
    "--kitti": ["train", "--row", "SS", "--kitti", "{}"],
    "--cityscapes of table3": ["table3", "--plan", "--kitti", "KITTI", "--cityscapes", "{}"],
    "--cityscapes-runs": ["table3", "--plan", "--kitti", "KITTI", "--cityscapes-runs", "{}"],
    "--runs": ["table1", "--plan", "--cityscapes", "DATA", "--runs", "{}"],
    "--runs of status": ["status", "--runs", "{}"],
    "--runs of verify": ["verify", "--kitti", "KITTI", "--runs", "{}"],
    "--out": ["compare", "--cityscapes", "DATA", "--out", "{}"],
    "--cache": ["train", "--row", "SS", "--cityscapes", "DATA", "--cache", "{}"],
    "--report": ["verify", "--kitti", "KITTI", "--report", "{}"],
    "RUN": ["evaluate", "{}"],
    "RUN of samples": ["samples", "{}", "x.png"],
    "OUT of samples": ["samples", "RUN", "{}"],
    "OUT of scenes": ["scenes", "{}"],
    "--submission": ["table2", "--cityscapes", "DATA", "--submission", "{}"],
}


@pytest.fixture
def call(untrained, monkeypatch, tmp_path, capsys):
    """Function of an option and a path that returns the sentence which refuses that command of `OPTIONS`."""
    monkeypatch.chdir(tmp_path)
    places = {"DATA": untrained.disk / "data", "KITTI": untrained.disk / "kitti", "RUN": tmp_path}

    def call(option, path):
        words = [path if word == "{}" else places.get(word, word) for word in OPTIONS[option]]
        return refused(capsys, *words, *(["--runs", "runs"] if words[0] == "train" else []))

    return call


@pytest.mark.parametrize(
    "path", ["", "~nosuchuser/x", "x" * 300, "loop/x", "\udcff/x"], ids=lambda path: ascii(path[:12])
)
@pytest.mark.parametrize("option", OPTIONS)
def test_a_path_where_nothing_can_be_is_refused_by_its_option(call, tmp_path, option, path):
    (tmp_path / "loop").symlink_to("loop")
    before = snapshot(tmp_path)
    sentence = call(option, path)
    assert sentence.startswith(f"reproduce: {option.split(' ')[0]} ")
    assert path.partition("/")[0].encode(errors="backslashreplace").decode() in sentence
    made = snapshot(tmp_path).keys() - before.keys()
    assert made <= {tmp_path / "runs", tmp_path / "runs" / "cache"}


@pytest.mark.parametrize("option", ["--runs", "--out", "--cache", "--runs of verify", "--report"])
def test_a_place_for_results_in_the_data_set_is_refused(call, untrained, option):
    """Also behind the link by which the data set is known; that nothing was written is checked above."""
    data = untrained.home / f"{'kitti' if 'KITTI' in OPTIONS[option] else 'data'} {NAME}"
    sentence = call(option, data / "new" / "results.json")
    assert sentence.startswith(f"reproduce: {option.split(' ')[0]} {data}")
    assert "never written to" in sentence


def test_a_city_that_is_a_link_to_itself_is_named(untrained, capsys, tmp_path):
    data = shutil.copytree(untrained.disk / "data", tmp_path / "data")
    city = data / "leftImg8bit" / "train" / "loop"
    city.symlink_to(city.name)
    sentence = refused(capsys, "table1", "--plan", "--cityscapes", data, "--runs", tmp_path / "runs")
    assert f"{city} cannot be listed (Too many levels" in sentence


def test_a_folder_of_kitti_that_may_not_be_listed_is_named(call, monkeypatch, untrained):
    folder, scandir = untrained.disk / "kitti" / "training" / "image_2", os.scandir

    def refuse(path):
        if str(path) == str(folder):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    sentence = call("--kitti", untrained.disk / "kitti")
    assert f"{folder} cannot be listed (Permission denied)" in sentence
