from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.decode import check_frames, read_labels
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.kitti import (
    KITTI,
    VALIDATION_IDS,
    check_copies,
    split_note,
    validation_ids,
)
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids

find_frames = KITTI.find_frames
FOLDERS = ("image_2", "image_3", "semantic", "disp_occ_0")
ARCHIVES = {
    "image_2": "data_scene_flow.zip",
    "image_3": "data_scene_flow.zip",
    "semantic": "data_semantics.zip",
    "disp_occ_0": "data_scene_flow.zip",
}


def build(root, ids, folders=FOLDERS):
    """Empty files in KITTI's layout, with the second frame of each pair that must not be found."""
    for folder in folders:
        path = root / "training" / folder
        path.mkdir(parents=True, exist_ok=True)
        for number in ids:
            (path / f"{number:06d}_10.png").touch()
            (path / f"{number:06d}_11.png").touch()
    return root


def write_images(folder, ids, value):
    folder.mkdir(parents=True, exist_ok=True)
    for number in ids:
        Image.fromarray(np.full((4, 6, 3), value, np.uint8)).save(folder / f"{number:06d}_10.png")


def refused(root, words, split="train", **options):
    with pytest.raises(InputError, match=words) as caught:
        find_frames(root, split, **options)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def ids_of(frames):
    return [int(frame.name.removesuffix("_10")) for frame in frames]


# --- splits -----------------------------------------------------------------------------------------------


def test_committed_split_is_the_documented_draw():
    drawn = np.random.default_rng(0).permutation(200)[:30]
    assert sorted(drawn.tolist()) == list(VALIDATION_IDS)
    assert len(set(VALIDATION_IDS)) == 30


def test_all_frames_use_the_committed_split(tmp_path):
    build(tmp_path, range(200))
    train, val = (find_frames(tmp_path, split) for split in ("train", "val"))
    assert ids_of(val) == list(VALIDATION_IDS)
    assert ids_of(train) == sorted(set(range(200)) - set(VALIDATION_IDS))
    assert split_note(tmp_path) is None


def test_every_seed_is_a_split_of_its_own_into_170_and_30(tmp_path):
    build(tmp_path, range(200))
    drawn = set()
    for seed in range(6):
        train, val = (ids_of(find_frames(tmp_path, split, split_seed=seed)) for split in ("train", "val"))
        assert (len(train), len(val)) == (170, 30)
        assert sorted(train + val) == list(range(200))
        assert train == sorted(train) and val == sorted(val) == list(validation_ids(seed))
        drawn.add(tuple(val))
    assert len(drawn) == 6
    assert validation_ids(0) == validation_ids() == VALIDATION_IDS


def test_fewer_frames_have_no_other_split(tmp_path):
    build(tmp_path, range(199))
    for split in ("train", "val"):
        assert "199" in refused(tmp_path, "kitti_split_seed=3", split, split_seed=3)


@pytest.mark.parametrize(("count", "val"), [(2, 1), (3, 1), (7, 1), (8, 2), (10, 2), (30, 6), (199, 40)])
def test_fewer_frames_are_split_in_two_blocks(tmp_path, count, val):
    build(tmp_path, range(count))
    assert ids_of(find_frames(tmp_path, "train")) == list(range(count - val))
    assert ids_of(find_frames(tmp_path, "val")) == list(range(count - val, count))
    assert split_note(tmp_path) == (
        f"{count} of 200 frames: contiguous split {count - val} / {val} instead of the committed 170 / 30"
    )


def test_one_frame_cannot_be_split(tmp_path):
    build(tmp_path, [5])
    assert ids_of(find_frames(tmp_path, "val")) == [5]
    assert str(tmp_path) in refused(tmp_path, "only 1 frame")


def test_real_sample(kitti_sample):
    need = ("right", "labels", "disparity", "camera")
    train, val = (find_frames(kitti_sample, split, need) for split in ("train", "val"))
    assert ids_of(train) == list(range(1, 25)) and ids_of(val) == list(range(25, 31))
    assert split_note(kitti_sample) == (
        "30 of 200 frames: contiguous split 24 / 6 instead of the committed 170 / 30"
    )
    check_frames(train + val)
    assert val[0].disparity.parent.name == "disp_noc_0"
    assert val[0].camera == kitti_sample / "calib_cam_to_cam.txt"
    train_ids = ids_to_train_ids(read_labels(val[0].labels))
    assert np.mean(train_ids != IGNORE) > 0.8


# --- what is filled in ------------------------------------------------------------------------------------


def test_frames_are_filled_in_and_sorted(tmp_path):
    build(tmp_path, [9, 3, 4, 5, 6])
    frame = find_frames(tmp_path, "train")[0]
    assert frame.name == "000003_10"
    assert frame.left == tmp_path / "training/image_2/000003_10.png"
    assert frame.right == tmp_path / "training/image_3/000003_10.png"
    assert frame.labels == tmp_path / "training/semantic/000003_10.png"
    assert (frame.instances, frame.disparity, frame.camera) == (None, None, None)
    assert find_frames(tmp_path, "train", ())[0].right is None


def test_occluded_ground_truth_is_preferred(tmp_path):
    build(tmp_path, range(5), ("image_2", "disp_noc_0"))
    assert find_frames(tmp_path, "val", ["disparity"])[0].disparity.parent.name == "disp_noc_0"
    build(tmp_path, range(5), ("disp_occ_0",))
    assert find_frames(tmp_path, "val", ["disparity"])[0].disparity.parent.name == "disp_occ_0"


def test_own_calibration_then_the_common_one_then_none(tmp_path):
    build(tmp_path, range(5), ("image_2",))
    assert find_frames(tmp_path, "val", ["camera"])[0].camera is None
    (tmp_path / "calib_cam_to_cam.txt").touch()
    assert find_frames(tmp_path, "val", ["camera"])[0].camera == tmp_path / "calib_cam_to_cam.txt"
    own = tmp_path / "training/calib_cam_to_cam"
    own.mkdir()
    assert "data_scene_flow_calib.zip" in refused(
        tmp_path, "calib_cam_to_cam contains no", "val", need=["camera"]
    )
    (own / "000004.txt").touch()
    assert find_frames(tmp_path, "val", ["camera"])[0].camera == own / "000004.txt"


def test_foreign_files_are_ignored(tmp_path):
    build(tmp_path, range(5))
    (tmp_path / "training/image_2/._000003_10.png").touch()
    (tmp_path / "training/image_2/Thumbs.db").touch()
    assert split_note(tmp_path).startswith("5 of 200")


# --- archives side by side --------------------------------------------------------------------------------


@pytest.fixture
def side_by_side(tmp_path):
    build(tmp_path / "data_scene_flow", range(10), ("image_3", "disp_occ_0"))
    build(tmp_path / "data_semantics", range(10), ("semantic", "instance"))
    write_images(tmp_path / "data_scene_flow/training/image_2", range(10), 50)
    write_images(tmp_path / "data_semantics/training/image_2", range(10), 50)
    return tmp_path


def test_two_folders_are_joined(side_by_side):
    frame = find_frames(side_by_side, "val", ("right", "labels", "instances", "disparity"))[0]
    flow, semantics = (side_by_side / name / "training" for name in ("data_scene_flow", "data_semantics"))
    assert (frame.left.parent, frame.right.parent) == (flow / "image_2", flow / "image_3")
    assert (frame.labels.parent, frame.instances.parent) == (semantics / "semantic", semantics / "instance")
    assert frame.disparity.parent == flow / "disp_occ_0"


def test_copies_that_differ_are_refused(side_by_side):
    write_images(side_by_side / "data_semantics/training/image_2", [8], 51)
    assert "000008_10.png" in refused(side_by_side, "differ", "val")
    find_frames(side_by_side, "val", ["right"])  # labels are not needed: no matter


def test_copies_may_be_compressed_differently(side_by_side):
    path = side_by_side / "data_semantics/training/image_2/000008_10.png"
    Image.open(path).copy().save(path, compress_level=0)
    find_frames(side_by_side, "val")


def test_all_copies_can_be_compared(side_by_side):
    names = [f"{number:06d}_10" for number in range(10)]
    check_copies(side_by_side, names)
    write_images(side_by_side / "data_semantics/training/image_2", [2], 51)
    with pytest.raises(InputError, match=r"000002_10\.png differ"):
        check_copies(side_by_side, names)


def test_semantics_without_images_cannot_be_compared(side_by_side):
    for path in (side_by_side / "data_semantics/training/image_2").iterdir():
        path.unlink()
    assert len(find_frames(side_by_side, "val")) == 2


def test_semantics_alone_suffice_for_segmentation(tmp_path):
    build(tmp_path / "data_semantics", range(10), ("image_2", "semantic"))
    assert len(find_frames(tmp_path, "val", ["labels"])) == 2
    assert len(find_frames(tmp_path / "data_semantics", "val", ["labels"])) == 2
    assert "data_scene_flow.zip" in refused(tmp_path, "training/image_3")


# --- roots and what is missing ----------------------------------------------------------------------------


def test_spaces_unicode_home_relative_and_links(tmp_path, monkeypatch):
    root = build(tmp_path / "Größe 2", range(5))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    for given in (str(root), "~/Größe 2", "Größe 2", Path("link")):
        assert len(find_frames(given, "train")) == 4
        assert split_note(given).startswith("5 of 200")


def test_missing_root(tmp_path):
    assert str(tmp_path / "nowhere") in refused(tmp_path / "nowhere", "does not exist")
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refused(tmp_path / "file", "is not a folder")
    (tmp_path / "empty").mkdir()
    assert "data_scene_flow.zip" in refused(tmp_path / "empty", "contains no folder training")
    with pytest.raises(InputError, match="does not exist"):
        split_note(tmp_path / "nowhere")


@pytest.mark.parametrize("child", ["training", "training/image_2"])
def test_hint_when_a_folder_inside_is_given(tmp_path, child):
    build(tmp_path, range(5))
    assert f"give {tmp_path} instead" in refused(tmp_path / child, "contains no folder training")


def test_hint_when_the_folder_above_is_given(tmp_path):
    build(tmp_path / "kitti", range(5))
    assert f"give {tmp_path / 'kitti'} instead" in refused(tmp_path, "contains no folder training")


@pytest.mark.parametrize("folder", FOLDERS)
def test_missing_folder_names_its_archive(tmp_path, folder):
    build(tmp_path, range(5), [name for name in FOLDERS if name != folder])
    message = refused(tmp_path, f"training/{folder}", need=("right", "labels", "disparity"))
    assert ARCHIVES[folder] in message and str(tmp_path) in message


def test_empty_folder(tmp_path):
    (tmp_path / "training/image_2").mkdir(parents=True)
    assert "data_scene_flow.zip" in refused(tmp_path, "contains no")


@pytest.mark.parametrize("folder", FOLDERS[1:])
def test_frame_without_partner_names_file_and_archive(tmp_path, folder):
    build(tmp_path, range(5))
    for number in (1, 2):
        (tmp_path / f"training/{folder}/{number:06d}_10.png").unlink()
    message = refused(tmp_path, "000001_10.png is missing", need=("right", "labels", "disparity"))
    assert str(tmp_path / "training" / folder) in message and ARCHIVES[folder] in message
    assert "and 1 more" in message


def test_unknown_split(tmp_path):
    refused(tmp_path, "no split 'test': choose one of train, val", "test")


@pytest.mark.parametrize("need", ["labels", ["depth"]])
def test_unknown_need_is_a_programming_error(tmp_path, need):
    with pytest.raises(ValueError, match="need is a collection") as caught:
        find_frames(build(tmp_path, range(5)), "train", need)
    assert not isinstance(caught.value, InputError)
