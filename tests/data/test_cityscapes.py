import os
from pathlib import Path

import pytest

from selfsup_segmentation.data.cityscapes import CITYSCAPES
from selfsup_segmentation.data.errors import InputError

find_frames = CITYSCAPES.find_frames
NAMES = {"aachen": ["aachen_000001_000019", "aachen_000000_000019"], "ulm": ["ulm_000000_000019"]}
FINE = {
    "left": ("leftImg8bit", "_leftImg8bit.png"),
    "right": ("rightImg8bit", "_rightImg8bit.png"),
    "labels": ("gtFine", "_gtFine_labelIds.png"),
    "instances": ("gtFine", "_gtFine_instanceIds.png"),
    "disparity": ("disparity", "_disparity.png"),
    "camera": ("camera", "_camera.json"),
}
COARSE = FINE | {
    "labels": ("gtCoarse", "_gtCoarse_labelIds.png"),
    "instances": ("gtCoarse", "_gtCoarse_instanceIds.png"),
}
ALL_PARTS = [part for part in FINE if part != "left"]


def build(root, split="train", parts=FINE, names=NAMES):
    """Empty files in the official layout: finding frames never opens one."""
    for folder, suffix in parts.values():
        for city, frames in names.items():
            path = root / folder / split / city
            path.mkdir(parents=True, exist_ok=True)
            for frame in frames:
                (path / (frame + suffix)).touch()
    return root


def refused(root, words, split="train", **options):
    with pytest.raises(InputError, match=words) as caught:
        find_frames(root, split, **options)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def test_official_counts():
    counts = {name: split.frames for name, split in CITYSCAPES.released.items()}
    assert counts == {"train": 2975, "val": 500, "test": 1525, "train_extra": 19998}


@pytest.mark.parametrize("split", CITYSCAPES.splits)
def test_fills_in_what_is_needed_sorted_by_name(tmp_path, split):
    parts = COARSE if split == "train_extra" else FINE
    build(tmp_path, split, parts)
    frames = find_frames(tmp_path, split, ALL_PARTS)
    assert [frame.name for frame in frames] == sorted(NAMES["aachen"]) + NAMES["ulm"]
    for frame in frames:
        for part, (folder, suffix) in parts.items():
            city = frame.name.split("_")[0]
            assert getattr(frame, part) == tmp_path / folder / split / city / (frame.name + suffix)


def test_the_rest_is_none(tmp_path):
    build(tmp_path)
    frame = find_frames(tmp_path, "train")[0]
    assert frame.right and frame.labels
    assert (frame.instances, frame.disparity, frame.camera) == (None, None, None)
    for need in ((), {"left"}, []):
        frame = find_frames(tmp_path, "train", need)[0]
        assert frame.left and frame.right is None and frame.labels is None


def test_only_needed_folders_are_looked_at(tmp_path):
    build(tmp_path, parts={"left": FINE["left"]})
    assert len(find_frames(tmp_path, "train", need=())) == 3


def test_corrupt_frame_is_left_out(tmp_path):
    names = {"troisdorf": ["troisdorf_000000_000073", "troisdorf_000000_000074"]}
    build(tmp_path, "train_extra", {"left": COARSE["left"]}, names)
    build(tmp_path, "train_extra", {"right": COARSE["right"]}, {"troisdorf": names["troisdorf"][1:]})
    frames = find_frames(tmp_path, "train_extra", ["right"])
    assert [frame.name for frame in frames] == ["troisdorf_000000_000074"]


def test_foreign_files_are_ignored(tmp_path):
    build(tmp_path)
    city = tmp_path / "leftImg8bit/train/aachen"
    (city / "._aachen_000000_000019_leftImg8bit.png").touch()
    (city / "Thumbs.db").touch()
    (city.parent / ".DS_Store").touch()
    assert len(find_frames(tmp_path, "train")) == 3


# --- roots ------------------------------------------------------------------------------------------------


def test_spaces_unicode_home_relative_and_links(tmp_path, monkeypatch):
    root = build(tmp_path / "Städte und Straßen")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    for given in (str(root), "~/Städte und Straßen", "Städte und Straßen", Path("link"), "./link/"):
        frames = find_frames(given, "train")
        assert len(frames) == 3 and all(frame.labels.exists() for frame in frames)
    monkeypatch.chdir(root)
    assert len(find_frames(".", "train")) == 3


def test_linked_cities(tmp_path):
    build(tmp_path / "disk")
    for folder in ("leftImg8bit", "rightImg8bit", "gtFine"):
        split = tmp_path / "root" / folder / "train"
        split.mkdir(parents=True)
        (split / "ulm").symlink_to(tmp_path / "disk" / folder / "train" / "ulm")
    assert [frame.name for frame in find_frames(tmp_path / "root", "train")] == ["ulm_000000_000019"]


def test_missing_root(tmp_path):
    assert str(tmp_path / "nowhere") in refused(tmp_path / "nowhere", "does not exist")
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refused(tmp_path / "file", "is not a folder")
    assert "leftImg8bit_trainvaltest.zip" in refused(tmp_path, "contains no folder leftImg8bit")
    assert "leftImg8bit_trainextra.zip" in refused(
        tmp_path, "contains no folder", "train_extra", need=["right"]
    )


@pytest.mark.parametrize("child", ["leftImg8bit", "gtFine", "leftImg8bit/train", "leftImg8bit/train/ulm"])
@pytest.mark.parametrize("relative", [False, True])
def test_hint_when_a_folder_inside_is_given(tmp_path, monkeypatch, child, relative):
    build(tmp_path)
    monkeypatch.chdir(tmp_path / child)
    given = Path() if relative else tmp_path / child
    assert f"give {tmp_path} instead" in refused(given, "contains no folder leftImg8bit")


def test_hint_when_the_folder_above_is_given(tmp_path):
    build(tmp_path / "cityscapes")
    assert f"give {tmp_path / 'cityscapes'} instead" in refused(tmp_path, "contains no folder leftImg8bit")


def test_hint_when_each_archive_has_a_folder_of_its_own(tmp_path):
    build(tmp_path / "leftImg8bit_trainvaltest", parts={"left": FINE["left"]})
    build(tmp_path / "gtFine_trainvaltest", parts={"labels": FINE["labels"]})
    refused(tmp_path, "unpack all archives into one folder")


# --- what is missing --------------------------------------------------------------------------------------

ARCHIVES = [
    ("train", "left", "leftImg8bit", "leftImg8bit_trainvaltest.zip"),
    ("val", "right", "rightImg8bit", "rightImg8bit_trainvaltest.zip"),
    ("test", "labels", "gtFine", "gtFine_trainvaltest.zip"),
    ("val", "instances", "gtFine", "gtFine_trainvaltest.zip"),
    ("train", "disparity", "disparity", "disparity_trainvaltest.zip"),
    ("train", "camera", "camera", "camera_trainvaltest.zip"),
    ("train_extra", "left", "leftImg8bit", "leftImg8bit_trainextra.zip"),
    ("train_extra", "right", "rightImg8bit", "rightImg8bit_trainextra.zip"),
    ("train_extra", "labels", "gtCoarse", "gtCoarse.zip"),
    ("train_extra", "disparity", "disparity", "disparity_trainextra.zip"),
    ("train_extra", "camera", "camera", "camera_trainextra.zip"),
]


@pytest.mark.parametrize(("split", "part", "folder", "archive"), ARCHIVES)
def test_missing_folder_names_its_archive(tmp_path, split, part, folder, archive):
    parts = COARSE if split == "train_extra" else FINE
    build(tmp_path, split, {name: place for name, place in parts.items() if place[0] != folder})
    (tmp_path / "leftImg8bit").mkdir(exist_ok=True)
    message = refused(tmp_path, "does not exist", split, need=[part])
    assert str(tmp_path / folder / split) in message and f"unpack {archive} into {tmp_path}" in message


@pytest.mark.parametrize(("split", "part", "folder", "archive"), ARCHIVES)
def test_empty_split_names_its_archive(tmp_path, split, part, folder, archive):
    build(tmp_path, split, COARSE if split == "train_extra" else FINE)
    for path in (tmp_path / folder / split).glob("*/*"):
        path.unlink()
    message = refused(tmp_path, "contains no", split, need=[part])
    assert str(tmp_path / folder / split) in message and f"unpack {archive} into {tmp_path}" in message


@pytest.mark.parametrize(
    ("split", "part", "folder", "archive"), [row for row in ARCHIVES if row[1] != "left"]
)
def test_frame_without_partner_names_file_and_archive(tmp_path, split, part, folder, archive):
    parts = COARSE if split == "train_extra" else FINE
    build(tmp_path, split, parts)
    gone = tmp_path / folder / split / "ulm" / ("ulm_000000_000019" + parts[part][1])
    gone.unlink()
    message = refused(tmp_path, "is missing: unpack", split, need=ALL_PARTS)
    assert str(gone) in message and archive in message


def test_number_of_missing_partners_is_told(tmp_path):
    build(tmp_path)
    for path in (tmp_path / "rightImg8bit/train/aachen").iterdir():
        path.unlink()
    message = refused(tmp_path, "and 1 more of this kind")
    assert "aachen_000000_000019_rightImg8bit.png is missing" in message


def test_a_file_where_a_folder_belongs(tmp_path):
    build(tmp_path, parts={"left": FINE["left"]})
    (tmp_path / "gtFine").touch()
    assert str(tmp_path / "gtFine" / "train") in refused(tmp_path, "gtFine_trainvaltest.zip", need=["labels"])


def test_folder_without_permission(tmp_path, monkeypatch):
    build(tmp_path)

    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    assert str(tmp_path / "leftImg8bit/train") in refused(tmp_path, "cannot be listed")


def test_unknown_split(tmp_path):
    assert "train, val, test, train_extra" in refused(tmp_path, "no split 'trainval'", "trainval")


@pytest.mark.parametrize("need", ["labels", ["depth"], ("right", "name")])
def test_unknown_need_is_a_programming_error(tmp_path, need):
    with pytest.raises(ValueError, match="need is a collection") as caught:
        find_frames(build(tmp_path), "train", need)
    assert not isinstance(caught.value, InputError)


def test_listing_reads_folders_and_asks_for_no_single_file(tmp_path, monkeypatch):
    names = {f"city{c}": [f"city{c}_{i:06d}_000019" for i in range(20)] for c in range(3)}
    build(tmp_path, "train_extra", {part: COARSE[part] for part in ("left", "right")}, names)
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    monkeypatch.setattr(Path, "is_file", lambda path: pytest.fail(f"asked for {path}"))
    monkeypatch.setattr(Path, "exists", lambda path: pytest.fail(f"asked for {path}"))
    assert len(find_frames(tmp_path, "train_extra", ["right"])) == 60
    assert len(listed) == 2 * (1 + 3)  # two folders of the split, each with its cities
