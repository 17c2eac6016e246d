"""Each kind of damage is found, named, and nothing else with it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.cityscapes import CITYSCAPES, EXTRA_PARTS, FINE_PARTS
from selfsup_segmentation.data.decode import check_frames
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import LAYOUTS
from selfsup_segmentation.data.scenes import write_cityscapes, write_kitti
from selfsup_segmentation.data.verify import verify
from tests.data import pixels

COUNTS = {"train": 4, "val": 2, "test": 1, "train_extra": 3}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    root = tmp_path_factory.mktemp("pristine")
    write_cityscapes(root / "cityscapes", COUNTS, size=(128, 64), seed=1, processes=1)
    write_kitti(root / "kitti", 6, size=(160, 48), seed=1, processes=1)
    return root


@pytest.fixture
def copies(pristine, tmp_path):
    """Data sets of a test's own, by layout."""
    shutil.copytree(pristine, tmp_path / "data with ümlaut")
    return {layout: tmp_path / "data with ümlaut" / layout for layout in ("cityscapes", "kitti")}


def check(layout, root, **options):
    return verify(LAYOUTS[layout], root, processes=1, **options)


def find(root, part, split="train", index=0):
    """A file of a split of Cityscapes."""
    folder, suffix, _ = (EXTRA_PARTS if split == "train_extra" else FINE_PARTS)[part]
    return sorted((root / folder / split).rglob(f"*{suffix}"))[index]


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)


def change(function):
    """A damage that replaces the pixels of a file."""
    return lambda path: save(path, function(pixels(path)))


def overwrite(content):
    return lambda path: path.write_bytes(content)


def as_format(name):
    return lambda path: save(path, pixels(path), format=name)


def converted(mode):
    return lambda path: Image.fromarray(pixels(path)).convert(mode).save(path)


def camera(group, **changes):
    def damage(path):
        content = json.loads(path.read_text())
        content[group].update(changes)
        path.write_text(json.dumps(content))

    return damage


def replace_by(make):
    """A damage that puts something else in place of a file."""

    def damage(path):
        path.unlink()
        make(path)

    return damage


def truncate(path):
    path.write_bytes(path.read_bytes()[:-30])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def copy_left(path):
    shutil.copy(path.parents[1] / "image_2" / path.name, path)


def unknown_label(labels):
    labels[0, 0] = 77
    return labels


def summary(report):
    return [(problem.kind, problem.split, problem.part, problem.file) for problem in report.problems]


@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
def test_a_valid_data_set_has_no_problem(pristine, layout):
    report = check(layout, pristine / layout)
    assert report.problems == []
    assert report.is_valid
    assert report.checked == (sum(COUNTS.values()) if layout == "cityscapes" else 6)
    for split in report.splits:
        assert split.official is None
        assert split.problems == {}
        assert set(split.files.values()) == {split.found}
        if layout == "cityscapes":
            needed = CITYSCAPES.released[split.name].needed
            check_frames(CITYSCAPES.find_frames(pristine / layout, split.name, needed))


def test_the_real_frames_of_kitti_have_no_problem(kitti_sample):
    report = check("kitti", kitti_sample)
    assert report.problems == []
    (split,) = report.splits
    assert (split.found, split.official) == (30, 200)
    assert split.files == {"left": 30, "right": 30, "labels": 30, "disparity": 30, "camera": 1}
    assert "training: 30 of 200 frames." in report.remarks


@pytest.mark.parametrize(
    ("split", "part", "damage", "kind"),
    [
        ("train", "left", Path.unlink, "missing"),
        ("train", "right", Path.unlink, "missing"),
        ("train", "labels", Path.unlink, "missing"),
        ("val", "labels", Path.unlink, "missing"),
        ("val", "instances", Path.unlink, "missing"),
        ("val", "disparity", Path.unlink, "missing"),
        ("val", "camera", Path.unlink, "missing"),
        ("train_extra", "right", Path.unlink, "missing"),
        ("train", "left", replace_by(lambda path: path.symlink_to("nowhere")), "missing"),
        ("test", "left", replace_by(Path.mkdir), "unreadable"),
        ("val", "camera", replace_by(Path.mkdir), "unreadable"),
        ("train_extra", "left", replace_by(os.mkfifo), "unreadable"),
        ("train", "left", truncate, "damaged"),
        ("train_extra", "right", truncate, "damaged"),
        ("test", "left", overwrite(b""), "damaged"),
        ("val", "disparity", flip_a_bit, "damaged"),
        ("train", "instances", flip_a_bit, "damaged"),
        ("train", "left", overwrite(b"<html>Please log in</html>"), "wrong type"),
        ("train", "right", as_format("JPEG"), "wrong type"),
        ("val", "labels", as_format("GIF"), "wrong type"),
        ("train", "left", converted("RGBA"), "wrong type"),
        ("train", "labels", converted("P"), "wrong type"),
        ("val", "disparity", converted("L"), "wrong type"),
        ("train_extra", "left", converted("L"), "wrong type"),
        ("train", "right", change(lambda image: image[:32, :64]), "size"),
        ("val", "labels", change(lambda image: image[:32]), "size"),
        ("val", "disparity", change(lambda image: image[:, 1:]), "size"),
        ("train", "left", change(lambda image: image[1:]), "size"),
        ("train", "left", change(np.zeros_like), "blank"),
        ("train_extra", "right", change(lambda image: np.full_like(image, 9)), "blank"),
        ("test", "left", change(np.zeros_like), "blank"),
        ("train", "labels", change(np.zeros_like), "blank"),
        ("train", "labels", change(unknown_label), "label ids"),
        ("train", "instances", change(lambda image: image + np.uint16(1000)), "instances"),
        ("val", "disparity", change(np.zeros_like), "disparity"),
        ("train", "disparity", change(lambda image: np.minimum(image, 255)), "disparity"),
        ("val", "disparity", change(lambda image: np.where(image, np.uint16(40 * 256), 0)), "disparity"),
        ("val", "camera", overwrite(b'{"intrinsic": {"fx": 2262'), "calibration"),
        ("val", "camera", overwrite(b"\x89PNG"), "calibration"),
        ("val", "camera", camera("intrinsic", fx=-2262.5), "calibration"),
        ("val", "camera", camera("intrinsic", fx=2262.5), "calibration"),
        ("val", "camera", camera("extrinsic", baseline=209.313), "calibration"),
    ],
)
def test_damage_to_cityscapes(copies, split, part, damage, kind):
    path = find(copies["cityscapes"], part, split)
    damage(path)
    report = check("cityscapes", copies["cityscapes"])
    relative = path.relative_to(copies["cityscapes"]).as_posix()
    assert summary(report) == [(kind, split, part, relative)]
    (problem,) = report.problems
    assert problem.text.startswith(str(path))
    assert problem.text.endswith(".") and "\n" not in problem.text
    assert next(found for found in report.splits if found.name == split).problems == {part: 1}
    needed = CITYSCAPES.released[split].needed
    if kind in ("missing", "wrong type", "size") and part in ("left", *needed):
        if (part, damage) == ("left", Path.unlink):
            return  # training starts from the left images that are there
        with pytest.raises(InputError):  # training, which looks at all headers first, agrees
            check_frames(CITYSCAPES.find_frames(copies["cityscapes"], split, needed))


@pytest.mark.parametrize(
    ("folder", "part", "damage", "kind"),
    [
        ("image_3", "right", Path.unlink, "missing"),
        ("semantic", "labels", Path.unlink, "missing"),
        ("disp_occ_0", "disparity", Path.unlink, "missing"),
        ("image_2", "left", Path.unlink, "missing"),
        ("calib_cam_to_cam", "camera", Path.unlink, "missing"),
        ("image_2", "left", truncate, "damaged"),
        ("disp_occ_0", "disparity", converted("L"), "wrong type"),
        ("semantic", "labels", change(lambda image: image[:, :100]), "size"),
        ("semantic", "labels", change(unknown_label), "label ids"),
        ("calib_cam_to_cam", "camera", truncate, "calibration"),
        ("image_3", "right", copy_left, "identical views"),
    ],
)
def test_damage_to_kitti(copies, folder, part, damage, kind):
    path = sorted((copies["kitti"] / "training" / folder).iterdir())[2]
    damage(path)
    report = check("kitti", copies["kitti"])
    relative = path.relative_to(copies["kitti"]).as_posix()
    assert summary(report) == [(kind, "training", part, relative)]
    assert str(path) in report.problems[0].text


def both_views(root, layout, index):
    if layout == "cityscapes":
        return find(root, "left", index=index), find(root, "right", index=index)
    return [root / "training" / folder / f"{index:06d}_10.png" for folder in ("image_2", "image_3")]


def swap(left, right):
    content = left.read_bytes()
    left.write_bytes(right.read_bytes())
    right.write_bytes(content)


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
def test_exchanged_views_are_found(copies, layout, index):
    left, right = both_views(copies[layout], layout, index)
    swap(left, right)
    problems = check(layout, copies[layout]).problems
    assert [(p.kind, copies[layout] / p.file) for p in problems] == [("swapped views", right)]


@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
def test_a_right_view_of_another_frame_is_found(copies, layout):
    right = both_views(copies[layout], layout, 0)[1]
    shutil.copy(both_views(copies[layout], layout, 3)[1], right)
    problems = check(layout, copies[layout]).problems
    assert [(p.kind, copies[layout] / p.file) for p in problems] == [("views do not fit", right)]


def test_views_of_other_exposure_and_contrast_are_not_accused(copies):
    for index in range(4):
        right = find(copies["cityscapes"], "right", index=index)
        save(right, (20 + 0.7 * pixels(right)).astype(np.uint8))
    assert check("cityscapes", copies["cityscapes"]).problems == []


def test_real_views_exchanged_or_of_another_frame_are_found(kitti_sample, tmp_path):
    root = shutil.copytree(kitti_sample, tmp_path / "kitti")
    for index in (3, 12, 21):
        swap(*both_views(root, "kitti", index))
    shutil.copy(kitti_sample / "training/image_3/000028_10.png", root / "training/image_3/000007_10.png")
    found = [(problem.kind, Path(problem.file).stem) for problem in check("kitti", root).problems]
    swapped = [("swapped views", f"{index:06d}_10") for index in (3, 12, 21)]
    assert found == [*swapped, ("views do not fit", "000007_10")]


def test_several_problems_are_all_named_by_kind(copies):
    root = copies["cityscapes"]
    paths = [find(root, "right", index=0), find(root, "left", index=2), find(root, "labels", "val")]
    paths[2].unlink()
    truncate(paths[1])
    truncate(paths[0])
    report = check("cityscapes", root)
    assert [problem.kind for problem in report.problems] == ["missing", "damaged", "damaged"]
    assert {problem.file for problem in report.problems} == {str(p.relative_to(root)) for p in paths}


def test_a_frame_of_another_size_than_its_split_is_found(copies):
    root = copies["cityscapes"]
    for part in ("left", "right", "labels", "instances", "disparity"):
        change(lambda image: image[8:56])(find(root, part))
    problems = check("cityscapes", root).problems
    assert [(p.kind, root / p.file) for p in problems] == [("size", find(root, "left"))]
    assert "is 128×48, other images are 128×64" in problems[0].text


def test_a_folder_that_is_missing_is_one_problem(copies):
    root = copies["cityscapes"]
    shutil.rmtree(root / "rightImg8bit" / "train_extra")
    report = check("cityscapes", root)
    assert summary(report) == [("missing", "train_extra", "right", "rightImg8bit/train_extra")]
    assert "rightImg8bit_trainextra.zip" in report.problems[0].text
    shutil.rmtree(root / "leftImg8bit" / "val")
    (missing, _) = check("cityscapes", root).problems
    assert (missing.kind, missing.part, missing.file) == ("missing", "left", "leftImg8bit/val")


def test_an_absent_split_is_a_remark_that_says_who_needs_it(copies):
    root = copies["cityscapes"]
    for folder in root.iterdir():
        for split in ("test", "train_extra"):
            shutil.rmtree(folder / split, ignore_errors=True)
    report = check("cityscapes", root)
    assert report.is_valid
    assert [split.name for split in report.splits] == ["train", "val"]
    assert any("test is absent: table2 --submission" in remark for remark in report.remarks)
    assert any("train_extra is absent: the CoarseCTS rows" in remark for remark in report.remarks)


def test_what_no_verb_reads_may_be_missing(copies):
    root = copies["cityscapes"]
    find(root, "disparity", "train_extra").unlink()
    shutil.rmtree(root / "camera" / "train")
    report = check("cityscapes", root)
    assert report.is_valid
    assert any("train_extra: 1 of 3 frames have no disparity" in remark for remark in report.remarks)
    assert any("train: 4 of 4 frames have no camera" in remark for remark in report.remarks)


def test_the_known_corrupt_frame_is_a_remark(copies):
    root = copies["cityscapes"]
    for part, name in (("left", "leftImg8bit"), ("right", "rightImg8bit")):
        folder = root / name / "train_extra" / "troisdorf"
        folder.mkdir()
        save(folder / f"troisdorf_000000_000073_{name}.png", np.zeros_like(pixels(find(root, part))))
    report = check("cityscapes", root)
    assert report.is_valid
    assert any("troisdorf_000000_000073" in remark for remark in report.remarks)


@pytest.mark.parametrize(
    ("layout", "count", "size"),
    [
        ("cityscapes", "train: 4 of 2975 frames.", "not of Cityscapes's native size, 2048×1024"),
        ("kitti", "training: 6 of 200 frames.", "not of KITTI's native size"),
    ],
)
def test_a_sample_of_a_real_data_set_is_valid(copies, layout, count, size):
    (copies[layout] / "scenes.json").unlink()
    report = check(layout, copies[layout])
    assert report.is_valid and count in report.remarks
    assert any(size in remark for remark in report.remarks)


def test_labels_beside_a_sample_of_the_images_are_a_remark(copies):
    root = copies["kitti"]
    for number in (0, 4):
        for folder in ("image_2", "image_3"):
            (root / "training" / folder / f"{number:06d}_10.png").unlink()
    report = check("kitti", root)
    assert report.is_valid
    assert any("2 frames have no left image, nor all the rest" in remark for remark in report.remarks)


def test_kitti_without_calibration_is_valid_and_with_an_empty_folder_is_not(copies):
    root = copies["kitti"]
    folder = root / "training" / "calib_cam_to_cam"
    one = sorted(folder.iterdir())[0].read_text()
    shutil.rmtree(folder)
    report = check("kitti", root)
    assert report.is_valid
    assert any("no calibration" in remark for remark in report.remarks)
    (root / "calib_cam_to_cam.txt").write_text(one.replace("P_rect_02", "P_rect_05"))
    assert summary(check("kitti", root)) == [("calibration", "training", "camera", "calib_cam_to_cam.txt")]
    folder.mkdir()
    assert summary(check("kitti", root)) == [("missing", "training", "camera", "training/calib_cam_to_cam")]


def test_archives_of_kitti_side_by_side_must_hold_the_same_images(copies):
    root = copies["kitti"]
    scene_flow, semantics = (root / name / "training" for name in ("data_scene_flow", "data_semantics"))
    semantics.mkdir(parents=True)
    (root / "training" / "semantic").rename(semantics / "semantic")
    shutil.copytree(root / "training" / "image_2", semantics / "image_2")
    (root / "data_scene_flow").mkdir()
    (root / "training").rename(scene_flow)
    assert check("kitti", root).problems == []
    change(lambda image: image ^ 1)(semantics / "image_2" / "000003_10.png")
    copy = "data_semantics/training/image_2/000003_10.png"
    assert summary(check("kitti", root)) == [("copies differ", "training", "copy", copy)]


@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
def test_what_is_no_data_set_is_the_users_mistake(tmp_path, layout):
    with pytest.raises(InputError, match="nowhere"):
        check(layout, tmp_path / "nowhere")
    with pytest.raises(InputError, match=str(tmp_path)):
        check(layout, tmp_path)
    (tmp_path / "leftImg8bit" / "train").mkdir(parents=True)
    (tmp_path / "training" / "image_2").mkdir(parents=True)
    with pytest.raises(InputError, match=str(tmp_path)):
        check(layout, tmp_path)


# --- memory -----------------------------------------------------------------------------------------------


def test_a_second_check_reads_only_what_changed(copies, tmp_path):
    root, memory = copies["cityscapes"], tmp_path / "runs" / "memory.jsonl"
    path = find(root, "left", index=1)
    truncate(path)
    first = check("cityscapes", root, memory=memory)
    second = check("cityscapes", root, memory=memory)
    assert (first.checked, first.remembered) == (10, 0)
    assert (second.checked, second.remembered) == (0, 10)
    assert second.problems == first.problems
    assert second.splits == first.splits

    shutil.copy(find(root, "left", index=0), path)
    third = check("cityscapes", root, memory=memory)
    assert (third.checked, third.remembered) == (1, 9)
    assert [problem.kind for problem in third.problems] == ["views do not fit"]
    assert check("cityscapes", root, memory=memory, fresh=True).checked == 10
    assert check("cityscapes", root, memory=memory).checked == 0


def test_another_data_set_does_not_inherit_what_is_remembered(copies, tmp_path):
    memory = tmp_path / "memory.jsonl"
    check("kitti", copies["kitti"], memory=memory)
    twin = tmp_path / "twin"
    shutil.copytree(copies["kitti"], twin)  # with its times
    assert check("kitti", twin, memory=memory).checked == 6


def test_an_interrupted_check_resumes(copies, tmp_path):
    memory = tmp_path / "memory.jsonl"

    def interrupt(done, total):
        assert total == 10
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("cityscapes", copies["cityscapes"], memory=memory, progress=interrupt)
    seen = []
    report = check(
        "cityscapes", copies["cityscapes"], memory=memory, progress=lambda *step: seen.append(step)
    )
    assert (report.checked, report.remembered) == (7, 3)
    assert seen == [(done, 10) for done in range(3, 11)]


def test_damaged_lines_of_the_memory_are_checked_again(copies, tmp_path):
    memory = tmp_path / "memory.jsonl"
    check("kitti", copies["kitti"], memory=memory)
    lines = memory.read_bytes().strip().splitlines()
    lines[0] = lines[0][: len(lines[0]) // 2]
    lines[1] = b"\xff\x00 no JSON"
    lines[2] = json.dumps({**json.loads(lines[2]), "size": 5}).encode()
    lines[3] = json.dumps({**json.loads(lines[3]), "problems": [{"kind": "?"}]}).encode()
    lines[5] = lines[5][:-1]  # written without its end, and the next line goes after it
    memory.write_bytes(b"\n".join(lines))
    report = check("kitti", copies["kitti"], memory=memory)
    assert (report.checked, report.remembered, report.problems) == (5, 1, [])
    assert check("kitti", copies["kitti"], memory=memory).checked == 0


def test_a_memory_that_cannot_be_written_is_the_users_mistake(copies, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"memory\.jsonl cannot be written"):
        check("kitti", copies["kitti"], memory=tmp_path / "file" / "memory.jsonl")


@pytest.mark.parametrize("layout", ["cityscapes", "kitti"])
def test_nothing_is_written_into_the_data_set(copies, tmp_path, layout):
    root = copies[layout]

    def state():
        stats = {path: path.stat() for path in root.rglob("*")}
        return {path: (stat.st_size, stat.st_mtime_ns, stat.st_ino) for path, stat in stats.items()}

    for path in [root, *root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = state()
    assert check(layout, root, memory=tmp_path / "memory.jsonl").is_valid
    assert state() == before
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755)  # so that pytest can remove it


@pytest.mark.parametrize("place", ["a script without a __main__ guard", "standard input"])
def test_several_processes_find_the_same_and_nothing_brings_tensorflow(copies, tmp_path, place):
    root, scenes = copies["cityscapes"], tmp_path / "scenes"
    truncate(find(root, "left", index=1))
    find(root, "right", "train_extra").unlink()
    program = (
        "import json, sys\n"
        "from selfsup_segmentation.data.layouts import CITYSCAPES\n"
        "from selfsup_segmentation.data.scenes import write_cityscapes\n"
        "from selfsup_segmentation.data.verify import verify\n"
        f"write_cityscapes({str(scenes)!r}, {{'val': 2}}, (128, 64), processes=2)\n"
        f"report = verify(CITYSCAPES, {str(root)!r}, processes=2)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
        "print(json.dumps(report.to_dict()))\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-" if place == "standard input" else script]
    done = subprocess.run(command, input=program, capture_output=True, text=True, check=True, env=environment)
    report = check("cityscapes", root)
    assert json.loads(done.stdout) == json.loads(json.dumps(report.to_dict()))
    assert (scenes / "scenes.json").is_file()
    assert not report.is_valid
