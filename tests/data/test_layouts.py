"""Frames are found in both layouts, or one sentence says which archive is missing. Most files are empty:
finding frames never opens one."""

import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.cityscapes import EXTRA_PARTS, FINE_PARTS, part_note
from selfsup_segmentation.data.decode import check_frames, read_labels
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.kitti import VALIDATION_IDS, split_note, validation_ids
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids
from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI, LAYOUTS

NAMES = {"aachen": ["aachen_000001_000019", "aachen_000000_000019"], "ulm": ["ulm_000000_000019"]}
ALL_PARTS = ("right", "labels", "instances", "disparity", "camera")
KITTI_FOLDERS = ("image_2", "image_3", "semantic", "instance", "disp_occ_0")


def build_cityscapes(root, split="train", parts=("left", *ALL_PARTS), names=NAMES):
    table = EXTRA_PARTS if split == "train_extra" else FINE_PARTS
    for folder, suffix, _ in (table[part] for part in parts):
        for city, frames in names.items():
            path = root / folder / split / city
            path.mkdir(parents=True, exist_ok=True)
            for frame in frames:
                (path / (frame + suffix)).touch()
    return root


def build_kitti(root, ids=range(5), folders=KITTI_FOLDERS):
    """With the second frame of each pair, which must not be found."""
    for folder in folders:
        path = root / "training" / folder
        path.mkdir(parents=True, exist_ok=True)
        for number in ids:
            (path / f"{number:06d}_10.png").touch()
            (path / f"{number:06d}_11.png").touch()
    return root


def build(name, root, split="train"):
    """All parts of a split: 3 frames of Cityscapes; KITTI has 5, of which 4 are train."""
    if name == "cityscapes":
        return build_cityscapes(root, split)
    build_kitti(root)
    (root / "training/calib_cam_to_cam").mkdir()
    for number in range(5):
        (root / f"training/calib_cam_to_cam/{number:06d}.txt").touch()
    return root


COUNT = {"cityscapes": 3, "kitti": 4}
BASE = {"cityscapes": "leftImg8bit", "kitti": "training"}
both = pytest.mark.parametrize("name", LAYOUTS)


def write_images(folder, ids, value):
    folder.mkdir(parents=True, exist_ok=True)
    for number in ids:
        Image.fromarray(np.full((4, 6, 3), value, np.uint8)).save(folder / f"{number:06d}_10.png")


def refused(layout, root, words, split="train", **options):
    with pytest.raises(InputError, match=words) as caught:
        layout.find_frames(root, split, **options)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def ids_of(frames):
    return [int(frame.name.removesuffix("_10")) for frame in frames]


# --- what is filled in ------------------------------------------------------------------------------------


def test_official_counts():
    counts = {name: split.frames for name, split in CITYSCAPES.released.items()}
    assert counts == {"train": 2975, "val": 500, "test": 1525, "train_extra": 19998}
    assert KITTI.released["training"].frames == 200


@pytest.mark.parametrize("split", CITYSCAPES.splits)
def test_cityscapes_is_filled_in_sorted_by_name(tmp_path, split):
    build_cityscapes(tmp_path, split)
    frames = CITYSCAPES.find_frames(tmp_path, split, ALL_PARTS)
    assert [frame.name for frame in frames] == sorted(NAMES["aachen"]) + NAMES["ulm"]
    annotation = "gtCoarse" if split == "train_extra" else "gtFine"
    files = {
        "left": ("leftImg8bit", "_leftImg8bit.png"),
        "right": ("rightImg8bit", "_rightImg8bit.png"),
        "labels": (annotation, f"_{annotation}_labelIds.png"),
        "instances": (annotation, f"_{annotation}_instanceIds.png"),
        "disparity": ("disparity", "_disparity.png"),
        "camera": ("camera", "_camera.json"),
    }
    for frame in frames:
        for part, (folder, suffix) in files.items():
            city = frame.name.split("_")[0]
            assert getattr(frame, part) == tmp_path / folder / split / city / (frame.name + suffix)


def test_kitti_is_filled_in_sorted_by_name(tmp_path):
    build_kitti(tmp_path, [9, 3, 4, 5, 6])
    frame = KITTI.find_frames(tmp_path, "train", ("right", "labels", "instances", "disparity"))[0]
    assert frame.name == "000003_10"
    folders = {"left": "image_2", "right": "image_3", "labels": "semantic", "instances": "instance"}
    for part, folder in (folders | {"disparity": "disp_occ_0"}).items():
        assert getattr(frame, part) == tmp_path / "training" / folder / "000003_10.png"


@both
def test_the_rest_is_none_and_not_looked_for(tmp_path, name):
    layout, root = LAYOUTS[name], build(name, tmp_path)
    frame = layout.find_frames(root, "train")[0]
    assert frame.right and frame.labels
    assert (frame.instances, frame.disparity, frame.camera) == (None, None, None)
    for part in {"rightImg8bit", "gtFine", "training/image_3", "training/semantic"}:
        shutil.rmtree(root / part, ignore_errors=True)
    for need in ((), {"left"}, []):
        frames = layout.find_frames(root, "train", need)
        assert len(frames) == COUNT[name]
        assert frames[0].left and frames[0].right is None and frames[0].labels is None


def test_corrupt_frame_is_left_out(tmp_path):
    names = {"troisdorf": ["troisdorf_000000_000073", "troisdorf_000000_000074"]}
    build_cityscapes(tmp_path, "train_extra", ["left"], names)
    build_cityscapes(tmp_path, "train_extra", ["right"], {"troisdorf": names["troisdorf"][1:]})
    frames = CITYSCAPES.find_frames(tmp_path, "train_extra", ["right"])
    assert [frame.name for frame in frames] == ["troisdorf_000000_000074"]


@both
def test_foreign_files_are_ignored(tmp_path, name):
    root = build(name, tmp_path)
    left = root / ("leftImg8bit/train/aachen" if name == "cityscapes" else "training/image_2")
    for foreign in ("._aachen_000000_000019_leftImg8bit.png", "._000003_10.png", "Thumbs.db"):
        (left / foreign).touch()
    (left.parent / ".DS_Store").touch()
    assert len(LAYOUTS[name].find_frames(root, "train")) == COUNT[name]


def test_occluded_ground_truth_is_preferred(tmp_path):
    build_kitti(tmp_path, range(5), ("image_2", "disp_noc_0"))
    assert KITTI.find_frames(tmp_path, "val", ["disparity"])[0].disparity.parent.name == "disp_noc_0"
    build_kitti(tmp_path, range(5), ("disp_occ_0",))
    assert KITTI.find_frames(tmp_path, "val", ["disparity"])[0].disparity.parent.name == "disp_occ_0"


def test_own_calibration_then_the_common_one_then_none(tmp_path):
    build_kitti(tmp_path, range(5), ("image_2",))
    assert KITTI.find_frames(tmp_path, "val", ["camera"])[0].camera is None
    (tmp_path / "calib_cam_to_cam.txt").touch()
    assert KITTI.find_frames(tmp_path, "val", ["camera"])[0].camera == tmp_path / "calib_cam_to_cam.txt"
    own = tmp_path / "training/calib_cam_to_cam"
    own.mkdir()
    message = refused(KITTI, tmp_path, "calib_cam_to_cam contains no", "val", need=["camera"])
    assert "data_scene_flow_calib.zip" in message
    (own / "000004.txt").touch()
    assert KITTI.find_frames(tmp_path, "val", ["camera"])[0].camera == own / "000004.txt"


# --- roots ------------------------------------------------------------------------------------------------


@both
def test_spaces_unicode_home_relative_and_links(tmp_path, monkeypatch, name):
    root = build(name, tmp_path / "Größe und Straßen")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    for given in (str(root), "~/Größe und Straßen", "Größe und Straßen", Path("link"), "./link/"):
        frames = LAYOUTS[name].find_frames(given, "train")
        assert len(frames) == COUNT[name] and all(frame.labels.exists() for frame in frames)
        assert name == "cityscapes" or split_note(given).startswith("5 of 200")
    monkeypatch.chdir(root)
    assert len(LAYOUTS[name].find_frames(".", "train")) == COUNT[name]


def test_linked_cities(tmp_path):
    build_cityscapes(tmp_path / "disk")
    for folder in ("leftImg8bit", "rightImg8bit", "gtFine"):
        split = tmp_path / "root" / folder / "train"
        split.mkdir(parents=True)
        (split / "ulm").symlink_to(tmp_path / "disk" / folder / "train" / "ulm")
    frames = CITYSCAPES.find_frames(tmp_path / "root", "train")
    assert [frame.name for frame in frames] == ["ulm_000000_000019"]


@both
def test_what_other_systems_leave_in_folders_is_no_frame(tmp_path, name):
    build(name, tmp_path)
    frames = LAYOUTS[name].find_frames(tmp_path, "train", ALL_PARTS)
    for clutter in (".ipynb_checkpoints", "__MACOSX", "@eaDir"):
        for folder in {frames[0].left.parent, frames[0].left.parents[1]}:
            (folder / clutter).mkdir(parents=True)
            shutil.copy(frames[0].left, folder / clutter)
    for file in {frames[0].left, frames[0].labels}:
        for clutter in (".DS_Store", "Thumbs.db", f"._{file.name}", f".{file.name}"):
            (file.parent / clutter).touch()
    assert LAYOUTS[name].find_frames(tmp_path, "train", ALL_PARTS) == frames


@both
def test_missing_root(tmp_path, name):
    layout = LAYOUTS[name]
    assert str(tmp_path / "nowhere") in refused(layout, tmp_path / "nowhere", "does not exist")
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refused(layout, tmp_path / "file", "is not a folder")
    message = refused(layout, tmp_path, f"contains no folder {BASE[name]}")
    archive = {"cityscapes": "leftImg8bit_trainvaltest.zip", "kitti": "data_scene_flow.zip"}[name]
    assert archive in message
    if name == "cityscapes":
        message = refused(layout, tmp_path, "contains no folder", "train_extra", need=["right"])
        assert "leftImg8bit_trainextra.zip" in message
    else:
        with pytest.raises(InputError, match="does not exist"):
            split_note(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        *(("cityscapes", f"leftImg8bit{below}") for below in ("", "/train", "/train/ulm")),
        ("cityscapes", "gtFine"),
        *(("kitti", f"training{below}") for below in ("", "/image_2")),
    ],
)
@pytest.mark.parametrize("relative", [False, True])
def test_hint_when_a_folder_inside_is_given(tmp_path, monkeypatch, name, inside, relative):
    build(name, tmp_path)
    monkeypatch.chdir(tmp_path / inside)
    given = Path() if relative else tmp_path / inside
    message = refused(LAYOUTS[name], given, f"contains no folder {BASE[name]}")
    assert f"give {tmp_path} instead" in message


@both
def test_hint_when_the_folder_above_is_given(tmp_path, name):
    build(name, tmp_path / "data")
    for clutter in ("__MACOSX", ".Trash-1000"):
        (tmp_path / clutter / BASE[name]).mkdir(parents=True)
    message = refused(LAYOUTS[name], tmp_path, f"contains no folder {BASE[name]}")
    assert f"give {tmp_path / 'data'} instead" in message


def test_hint_when_each_archive_has_a_folder_of_its_own(tmp_path):
    build_cityscapes(tmp_path / "leftImg8bit_trainvaltest", parts=["left"])
    build_cityscapes(tmp_path / "gtFine_trainvaltest", parts=["labels"])
    refused(CITYSCAPES, tmp_path, "unpack all archives into one folder")


# --- what is missing --------------------------------------------------------------------------------------

ARCHIVES = [
    ("cityscapes", "train", "left", "leftImg8bit", "leftImg8bit_trainvaltest.zip"),
    ("cityscapes", "val", "right", "rightImg8bit", "rightImg8bit_trainvaltest.zip"),
    ("cityscapes", "test", "labels", "gtFine", "gtFine_trainvaltest.zip"),
    ("cityscapes", "val", "instances", "gtFine", "gtFine_trainvaltest.zip"),
    ("cityscapes", "train", "disparity", "disparity", "disparity_trainvaltest.zip"),
    ("cityscapes", "train", "camera", "camera", "camera_trainvaltest.zip"),
    ("cityscapes", "train_extra", "left", "leftImg8bit", "leftImg8bit_trainextra.zip"),
    ("cityscapes", "train_extra", "right", "rightImg8bit", "rightImg8bit_trainextra.zip"),
    ("cityscapes", "train_extra", "labels", "gtCoarse", "gtCoarse.zip"),
    ("cityscapes", "train_extra", "disparity", "disparity", "disparity_trainextra.zip"),
    ("cityscapes", "train_extra", "camera", "camera", "camera_trainextra.zip"),
    ("kitti", "train", "left", "image_2", "data_scene_flow.zip"),
    ("kitti", "train", "right", "image_3", "data_scene_flow.zip"),
    ("kitti", "train", "labels", "semantic", "data_semantics.zip"),
    ("kitti", "train", "instances", "instance", "data_semantics.zip"),
    ("kitti", "train", "disparity", "disp_occ_0", "data_scene_flow.zip"),
]


def place(root, name, split, folder):
    return root / folder / split if name == "cityscapes" else root / "training" / folder


@pytest.mark.parametrize("damage", ["no folder", "empty folder"])
@pytest.mark.parametrize(("name", "split", "part", "folder", "archive"), ARCHIVES)
def test_missing_and_empty_folders_name_their_archive(tmp_path, name, split, part, folder, archive, damage):
    build(name, tmp_path, split)
    path = place(tmp_path, name, split, folder)
    shutil.rmtree(path)
    if damage == "empty folder":
        path.mkdir()
    words = "does not exist" if damage == "no folder" else "contains no"
    message = refused(LAYOUTS[name], tmp_path, words, split, need=[part])
    assert str(path) in message and f"unpack {archive} into {tmp_path}" in message


@pytest.mark.parametrize(
    ("name", "split", "part", "folder", "archive"), [row for row in ARCHIVES if row[2] != "left"]
)
def test_frames_without_partner_name_file_and_archive(tmp_path, name, split, part, folder, archive):
    root = build(name, tmp_path, split)
    frames = LAYOUTS[name].find_frames(root, split, ALL_PARTS)
    getattr(frames[0], part).unlink()
    message = refused(LAYOUTS[name], root, "is missing: unpack", split, need=ALL_PARTS)
    assert str(getattr(frames[0], part)) in message and archive in message
    getattr(frames[1], part).unlink()
    message = refused(LAYOUTS[name], root, r"and 1 more of this kind", split, need=ALL_PARTS)
    assert f"{getattr(frames[0], part)} is missing" in message


def test_a_file_where_a_folder_belongs(tmp_path):
    build_cityscapes(tmp_path, parts=["left"])
    (tmp_path / "gtFine").touch()
    message = refused(CITYSCAPES, tmp_path, "gtFine_trainvaltest.zip", need=["labels"])
    assert str(tmp_path / "gtFine" / "train") in message


@both
def test_folder_without_permission(tmp_path, monkeypatch, name):
    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    build(name, tmp_path)
    monkeypatch.setattr(os, "scandir", scandir)
    left = {"cityscapes": "leftImg8bit/train", "kitti": "training/image_2"}[name]
    assert str(tmp_path / left) in refused(LAYOUTS[name], tmp_path, "cannot be listed")


@both
def test_unknown_split(tmp_path, name):
    assert ", ".join(LAYOUTS[name].splits) in refused(LAYOUTS[name], tmp_path, "no split 'all'", "all")


@both
@pytest.mark.parametrize("need", ["labels", ["depth"], ("right", "name")])
def test_unknown_need_is_a_programming_error(tmp_path, name, need):
    with pytest.raises(ValueError, match="need is a collection") as caught:
        LAYOUTS[name].find_frames(build(name, tmp_path), "train", need)
    assert not isinstance(caught.value, InputError)


def test_listing_reads_folders_and_asks_for_no_single_file(tmp_path, monkeypatch):
    names = {f"city{c}": [f"city{c}_{i:06d}_000019" for i in range(20)] for c in range(3)}
    build_cityscapes(tmp_path, "train_extra", ("left", "right"), names)
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    monkeypatch.setattr(Path, "is_file", lambda path: pytest.fail(f"asked for {path}"))
    monkeypatch.setattr(Path, "exists", lambda path: pytest.fail(f"asked for {path}"))
    assert len(CITYSCAPES.find_frames(tmp_path, "train_extra", ["right"])) == 60
    assert len(listed) == 2 * (1 + 3)  # two folders of the split, each with its cities


# --- splits of KITTI -------------------------------------------------------------------------------------


def test_committed_split_is_the_documented_draw():
    drawn = np.random.default_rng(0).permutation(200)[:30]
    assert sorted(drawn.tolist()) == list(VALIDATION_IDS)
    assert len(set(VALIDATION_IDS)) == 30


def test_all_frames_use_the_committed_split(tmp_path):
    build_kitti(tmp_path, range(200))
    train, val = (KITTI.find_frames(tmp_path, split) for split in ("train", "val"))
    assert ids_of(val) == list(VALIDATION_IDS)
    assert ids_of(train) == sorted(set(range(200)) - set(VALIDATION_IDS))
    assert split_note(tmp_path) is None


def test_every_seed_is_a_split_of_its_own_into_170_and_30(tmp_path):
    build_kitti(tmp_path, range(200))
    drawn = set()
    for seed in range(6):
        train, val = (
            ids_of(KITTI.find_frames(tmp_path, split, split_seed=seed)) for split in ("train", "val")
        )
        assert (len(train), len(val)) == (170, 30)
        assert sorted(train + val) == list(range(200))
        assert train == sorted(train) and val == sorted(val) == list(validation_ids(seed))
        drawn.add(tuple(val))
    assert len(drawn) == 6
    assert validation_ids(0) == validation_ids() == VALIDATION_IDS


def test_fewer_frames_have_no_other_split(tmp_path):
    build_kitti(tmp_path, range(199))
    for split in ("train", "val"):
        assert "199" in refused(KITTI, tmp_path, "kitti_split_seed=3", split, split_seed=3)


@pytest.mark.parametrize(("count", "val"), [(2, 1), (3, 1), (7, 1), (8, 2), (10, 2), (30, 6), (199, 40)])
def test_fewer_frames_are_split_in_two_blocks(tmp_path, count, val):
    build_kitti(tmp_path, range(count))
    assert ids_of(KITTI.find_frames(tmp_path, "train")) == list(range(count - val))
    assert ids_of(KITTI.find_frames(tmp_path, "val")) == list(range(count - val, count))
    assert split_note(tmp_path) == (
        f"{count} of 200 frames: contiguous split {count - val} / {val} instead of the committed 170 / 30"
    )


def test_one_frame_cannot_be_split(tmp_path):
    build_kitti(tmp_path, [5])
    assert ids_of(KITTI.find_frames(tmp_path, "val")) == [5]
    assert str(tmp_path) in refused(KITTI, tmp_path, "only 1 frame")


def test_real_sample(kitti_sample):
    need = ("right", "labels", "disparity", "camera")
    train, val = (KITTI.find_frames(kitti_sample, split, need) for split in ("train", "val"))
    assert ids_of(train) == list(range(1, 25)) and ids_of(val) == list(range(25, 31))
    assert split_note(kitti_sample) == (
        "30 of 200 frames: contiguous split 24 / 6 instead of the committed 170 / 30"
    )
    check_frames(train + val)
    assert val[0].disparity.parent.name == "disp_noc_0"
    assert val[0].camera == kitti_sample / "calib_cam_to_cam.txt"
    train_ids = ids_to_train_ids(read_labels(val[0].labels))
    assert np.mean(train_ids != IGNORE) > 0.8


# --- archives side by side --------------------------------------------------------------------------------


@pytest.fixture
def side_by_side(tmp_path):
    build_kitti(tmp_path / "data_scene_flow", range(10), ("image_3", "disp_occ_0"))
    build_kitti(tmp_path / "data_semantics", range(10), ("semantic", "instance"))
    write_images(tmp_path / "data_scene_flow/training/image_2", range(10), 50)
    write_images(tmp_path / "data_semantics/training/image_2", range(10), 50)
    return tmp_path


def test_two_folders_are_joined(side_by_side):
    frame = KITTI.find_frames(side_by_side, "val", ("right", "labels", "instances", "disparity"))[0]
    flow, semantics = (side_by_side / name / "training" for name in ("data_scene_flow", "data_semantics"))
    assert (frame.left.parent, frame.right.parent) == (flow / "image_2", flow / "image_3")
    assert (frame.labels.parent, frame.instances.parent) == (semantics / "semantic", semantics / "instance")
    assert frame.disparity.parent == flow / "disp_occ_0"


def test_copies_that_differ_are_refused(side_by_side):
    write_images(side_by_side / "data_semantics/training/image_2", [8], 51)
    assert "000008_10.png" in refused(KITTI, side_by_side, "differ", "val")
    KITTI.find_frames(side_by_side, "val", ["right"])  # labels are not needed: no matter


def test_copies_may_be_compressed_differently(side_by_side):
    path = side_by_side / "data_semantics/training/image_2/000008_10.png"
    Image.open(path).copy().save(path, compress_level=0)
    KITTI.find_frames(side_by_side, "val")


def test_semantics_without_images_cannot_be_compared(side_by_side):
    for path in (side_by_side / "data_semantics/training/image_2").iterdir():
        path.unlink()
    assert len(KITTI.find_frames(side_by_side, "val")) == 2


def test_semantics_alone_suffice_for_segmentation(tmp_path):
    build_kitti(tmp_path / "data_semantics", range(10), ("image_2", "semantic"))
    assert len(KITTI.find_frames(tmp_path, "val", ["labels"])) == 2
    assert len(KITTI.find_frames(tmp_path / "data_semantics", "val", ["labels"])) == 2
    assert "data_scene_flow.zip" in refused(KITTI, tmp_path, "training/image_3")


def test_a_part_of_cityscapes_is_said_with_its_counts(tmp_path):
    build_cityscapes(tmp_path, "train")
    found = len(CITYSCAPES.find_frames(tmp_path, "train", ()))
    assert part_note(tmp_path) == f"A part of Cityscapes: {found} of 2975 frames of train."
    build_cityscapes(tmp_path, "train_extra")
    assert part_note(tmp_path).endswith(f"of train, {found} of 19998 frames of train_extra.")


def test_all_of_cityscapes_needs_no_note(tmp_path, monkeypatch):
    build_cityscapes(tmp_path, "train")
    found = len(CITYSCAPES.find_frames(tmp_path, "train", ()))
    released = CITYSCAPES.released["train"]
    monkeypatch.setitem(CITYSCAPES.released, "train", dataclasses.replace(released, frames=found))
    assert part_note(tmp_path) is None
