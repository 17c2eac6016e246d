import json
import shutil
import subprocess
import sys

import pytest

from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI
from selfsup_segmentation.data.scenes import write_kitti
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import evaluation_files, training_files
from selfsup_segmentation.reproduce.cli.parser import parse
from selfsup_segmentation.reproduce.cli.verify import NAMED
from tests.refused import refused, reproduce, without


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    root = tmp_path_factory.mktemp("pristine") / "kitti"
    write_kitti(root, 3, size=(128, 48), seed=1, processes=1)
    return root


@pytest.fixture
def root(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "kitti")


@pytest.fixture
def verify(root, tmp_path, capsys):
    """Function of options that returns exit code, standard output and report."""

    def verify(*options, report=tmp_path / "runs" / "verify-scenes-kitti.json"):
        try:
            code = reproduce("verify", "--kitti", root, "--runs", tmp_path / "runs", *options)
        except SystemExit as stopped:
            code = stopped.code
        return code, capsys.readouterr().out, json.loads(report.read_text())

    return verify


def test_a_valid_data_set(verify):
    code, output, report = verify()
    assert (code, report["whole"], report["problems"]) == (0, True, [])
    assert "training: 3 frames\n  left            3 files\n" in output
    assert "valid: no problem found" in output
    assert "0 frames checked, 3 known from before" in verify()[1]
    assert "3 frames checked, 0 known from before" in verify("--fresh")[1]


def test_problems_are_printed_by_kind_and_end_with_code_1(root, tmp_path, verify):
    missing = root / "training" / "image_3" / "000001_10.png"
    missing.unlink()
    empty = [root / "training" / folder / "000002_10.png" for folder in ("image_2", "semantic")]
    for path in empty:
        path.write_bytes(b"")
    place = tmp_path / "new" / "found.json"
    code, output, report = verify("--report", place, report=place)
    assert (code, report["whole"]) == (1, False)
    assert f"missing (1):\n  {missing} is missing" in output
    assert f"damaged (2):\n  {empty[0]} is empty" in output
    assert "right           2 files  1 problem\n" in output
    assert output.index("missing (1)") < output.index("damaged (2)") < output.index("not valid: 3 problems")
    assert [problem["kind"] for problem in report["problems"]] == ["missing", "damaged", "damaged"]


def test_many_problems_of_a_kind_are_cut_short_but_not_in_the_report(root, verify):
    frames = NAMED + 5
    for number in range(3, frames):
        for folder in ("image_2", "image_3"):
            (root / "training" / folder / f"{number:06d}_10.png").touch()
    _, output, report = verify()
    assert output.count("is empty") == NAMED
    assert f"… and {2 * (frames - 3) - NAMED} more, named in the report" in output
    assert [problem["kind"] for problem in report["problems"]].count("damaged") == 2 * (frames - 3)


def test_names_that_are_no_unicode_are_printed(root, tmp_path):
    (root / "training" / "image_2" / "\udcff_10.png").touch()
    command = [sys.executable, "-m", "selfsup_segmentation.reproduce", "verify", "--kitti", root]
    done = subprocess.run([*command, "--runs", tmp_path / "runs"], capture_output=True, text=True)
    assert done.returncode == 1 and "\\udcff_10.png is empty" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--cityscapes nowhere", "nowhere"),
        ("--cityscapes ROOT", "leftImg8bit"),
        ("--kitti ROOT --runs ROOT/runs", "--runs"),
        ("--kitti ROOT --report ROOT/found.json", "--report"),
        ("--kitti ROOT --report found.txt", "--report"),
        ("--kitti ROOT --report TMP/folder.json", "--report"),
        ("--kitti ROOT --report ROOT/scenes.json/x/found.json", "--report"),
    ],
)
def test_options_that_cannot_be(root, tmp_path, capsys, options, named):
    (tmp_path / "folder.json").mkdir()
    before = sorted(root.rglob("*"))
    words = options.replace("ROOT", str(root)).replace("TMP", str(tmp_path)).split()
    assert named in refused(capsys, "verify", "--runs", tmp_path / "runs", *words)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("given", [[], ["--kitti", "a", "--cityscapes", "b"]])
def test_one_data_set_is_named(given):
    with pytest.raises(SystemExit, match="2"):
        parse(["verify", *given])


def test_the_check_needs_no_tensorflow(root, tmp_path):
    assert "valid" in without("tensorflow keras", "verify", "--kitti", root, "--runs", tmp_path / "runs")


def test_all_that_training_and_evaluation_read_is_needed():
    table3 = catalog.table3_runs("kitti", "cityscapes")
    runs = catalog.with_dependencies([*catalog.table1_runs("cityscapes"), *table3])
    seen = {}
    for run in runs:
        for split, parts in (training_files(run), evaluation_files(run)):
            seen.setdefault((catalog.layout_of(run.dataset).name, split), set()).update(parts)
    needed = {name: set(split.needed) for name, split in CITYSCAPES.released.items()}
    assert needed.pop("test") == set()
    needed["val"].remove("instances")  # which only the official scores of table2 read
    assert needed == {split: parts for (layout, split), parts in seen.items() if layout == "cityscapes"}
    assert set(KITTI.released["training"].needed) == seen["kitti", "train"] | seen["kitti", "val"]
