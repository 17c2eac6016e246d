import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI
from selfsup_segmentation.data.scenes import write_kitti
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.fingerprint import evaluation_files, training_files
from selfsup_segmentation.reproduce.cli.parser import parse
from selfsup_segmentation.reproduce.cli.request import Request
from selfsup_segmentation.reproduce.cli.verify import NAMED
from selfsup_segmentation.reproduce.cli.verify import run as run_verify


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    root = tmp_path_factory.mktemp("pristine") / "kitti"
    write_kitti(root, 3, size=(128, 48), seed=1, processes=1)
    return root


@pytest.fixture
def root(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "kitti")


def verify(tmp_path, **options):
    return run_verify(Request("verify", **{"runs": str(tmp_path / "runs")} | options))


def test_a_whole_data_set_returns_its_report(root, tmp_path, capsys):
    path = verify(tmp_path, kitti=str(root))
    assert path == tmp_path / "runs" / "verify-scenes-kitti.json"
    report = json.loads(path.read_text())
    assert report["whole"] is True
    assert report["problems"] == []
    shown = capsys.readouterr().out
    assert "training: 3 frames\n  left            3 files\n" in shown
    assert "valid: no problem found" in shown
    verify(tmp_path, kitti=str(root))
    assert "0 frames checked, 3 known from before" in capsys.readouterr().out
    verify(tmp_path, kitti=str(root), fresh=True)
    assert "3 frames checked, 0 known from before" in capsys.readouterr().out


def test_problems_are_printed_by_kind_and_end_with_code_1(root, tmp_path, capsys):
    missing = root / "training" / "image_3" / "000001_10.png"
    missing.unlink()
    empty = [root / "training" / folder / "000002_10.png" for folder in ("image_2", "semantic")]
    for path in empty:
        path.write_bytes(b"")
    with pytest.raises(SystemExit) as stopped:
        verify(tmp_path, kitti=str(root), report=str(tmp_path / "new" / "found.json"))
    assert stopped.value.code == 1
    shown = capsys.readouterr().out
    assert f"missing (1):\n  {missing} is missing" in shown
    assert f"damaged (2):\n  {empty[0]} is empty" in shown
    assert "right           2 files  1 problem\n" in shown
    assert shown.index("missing (1)") < shown.index("damaged (2)") < shown.index("not valid: 3 problems")
    report = json.loads((tmp_path / "new" / "found.json").read_text())
    assert report["whole"] is False
    assert [problem["kind"] for problem in report["problems"]] == ["missing", "damaged", "damaged"]


def test_many_problems_of_a_kind_are_cut_short_but_not_in_the_report(root, tmp_path, capsys):
    frames = NAMED + 5
    for number in range(3, frames):
        for folder in ("image_2", "image_3"):
            (root / "training" / folder / f"{number:06d}_10.png").touch()
    with pytest.raises(SystemExit):
        verify(tmp_path, kitti=str(root))
    shown = capsys.readouterr().out
    assert shown.count("is empty") == NAMED
    assert f"… and {2 * (frames - 3) - NAMED} more, named in the report" in shown
    report = json.loads((tmp_path / "runs" / "verify-scenes-kitti.json").read_text())
    assert len([p for p in report["problems"] if p["kind"] == "damaged"]) == 2 * (frames - 3)


def test_names_that_are_no_unicode_are_printed(root, tmp_path, capsys):
    (root / "training" / "image_2" / "\udcff_10.png").touch()
    with pytest.raises(SystemExit):
        verify(tmp_path, kitti=str(root))
    assert "\\udcff_10.png is empty" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cityscapes": "nowhere"}, "nowhere"),
        ({"cityscapes": "ROOT"}, "leftImg8bit"),
        ({"kitti": "ROOT", "runs": "ROOT/runs"}, "--runs"),
        ({"kitti": "ROOT", "report": "ROOT/found.json"}, "--report"),
        ({"kitti": "ROOT", "report": "found.txt"}, "--report"),
        ({"kitti": "ROOT", "report": "TMP/a folder.json"}, "--report"),
        ({"kitti": "ROOT", "report": "ROOT/scenes.json/x/found.json"}, "--report"),
    ],
)
def test_options_that_cannot_be_are_the_users_mistake(root, tmp_path, changes, named):
    (tmp_path / "a folder.json").mkdir()
    places = {"ROOT": root, "TMP": tmp_path}
    for word, folder in places.items():
        changes = {name: value.replace(word, str(folder)) for name, value in changes.items()}
    before = sorted(root.rglob("*"))
    with pytest.raises(InputError, match=named):
        verify(tmp_path, **changes)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("given", [[], ["--kitti", "a", "--cityscapes", "b"]])
def test_one_data_set_is_named(given):
    with pytest.raises(SystemExit, match="2"):
        parse(["verify", *given])


def test_the_check_needs_no_tensorflow(root, tmp_path):
    words = ["verify", "--kitti", str(root), "--runs", str(tmp_path / "runs")]
    program = (
        "import sys\n"
        "from selfsup_segmentation.reproduce.__main__ import main\n"
        "if __name__ == '__main__':\n"
        f"    main({words!r})\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    repository = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, script], check=True, capture_output=True, env={"PYTHONPATH": str(repository)}
    )


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
