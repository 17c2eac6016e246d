"""Cityscapes: all archives unpack into one root, ``<folder>/<split>/<city>/<frame><suffix>``.

Labels and instances of ``train_extra`` are those of ``gtCoarse``.
"""

from pathlib import Path

from selfsup_segmentation.data.calibration import read_camera
from selfsup_segmentation.data.files import list_files, list_folders
from selfsup_segmentation.data.layout import Layout, PartFiles, ReleasedSplit

CORRUPT_FRAMES = frozenset({"troisdorf_000000_000073"})
"""An all-black image of train_extra without disparity, which TensorFlow Datasets excludes as well."""


def _parts(release, annotation, annotation_archive):
    """Attribute of a Frame → (folder, suffix of the file name, archive without ``.zip``)."""
    return {
        "left": ("leftImg8bit", "_leftImg8bit.png", f"leftImg8bit_{release}"),
        "right": ("rightImg8bit", "_rightImg8bit.png", f"rightImg8bit_{release}"),
        "labels": (annotation, f"_{annotation}_labelIds.png", annotation_archive),
        "instances": (annotation, f"_{annotation}_instanceIds.png", annotation_archive),
        "disparity": ("disparity", "_disparity.png", f"disparity_{release}"),
        "camera": ("camera", "_camera.json", f"camera_{release}"),
    }


FINE_PARTS = _parts("trainvaltest", "gtFine", "gtFine_trainvaltest")
EXTRA_PARTS = _parts("trainextra", "gtCoarse", "gtCoarse")
_TRAINING = "table1, train and all that is initialized from them need it"


def _list_parts(root, split, parts):
    table = EXTRA_PARTS if split == "train_extra" else FINE_PARTS
    return {part: _list_part(root, split, *table[part]) for part in parts}


def _list_part(root, split, folder, suffix, archive):
    top = f"{folder}/{split}"
    files = {
        name: f"{top}/{city}/{name}{suffix}"
        for city in list_folders(root / top)
        for name in list_files(root / top / city, suffix)
    }
    corrupt = sorted(CORRUPT_FRAMES & files.keys())
    for name in corrupt:
        del files[name]
    note = f"{', '.join(corrupt)} is known to be corrupt and excluded everywhere." if corrupt else None

    def path_of(name):
        return f"{top}/{name.split('_')[0]}/{name}{suffix}"

    return PartFiles(top, f"<city>/*{suffix}", archive, files, path_of, note=note)


def _scene_counts(count):
    evaluation = max(1, count // 4)
    return {"train": count, "val": evaluation, "test": evaluation, "train_extra": count}


def _write_scenes(root, counts, **options):
    from selfsup_segmentation.data.scenes import write_cityscapes

    write_cityscapes(root, counts, **options)


def part_note(root):
    """Sentence for every report if frames of a split are missing, else None; an absent split is no part.

    Returns:
        For example ``A part of Cityscapes: 2 of 2975 frames of train.``

    Raises:
        InputError: as `Layout.find_frames`.
    """
    parts = []
    for split in ("train", "val", "train_extra"):
        official, corrupt = (
            CITYSCAPES.released[split].frames,
            CORRUPT_FRAMES if split == "train_extra" else (),
        )
        found = len(CITYSCAPES.scan(Path(root), split, ["left"])["left"].files)
        if 0 < found < official - len(corrupt):
            parts.append(f"{found} of {official} frames of {split}")
    return f"A part of Cityscapes: {', '.join(parts)}." if parts else None


CITYSCAPES = Layout(
    name="cityscapes",
    scenes_name="scenes",
    title="Cityscapes",
    contents="leftImg8bit, gtFine, …",
    bases=("leftImg8bit",),
    folders=frozenset(folder for parts in (FINE_PARTS, EXTRA_PARTS) for folder, _, _ in parts.values()),
    splits=("train", "val", "test", "train_extra"),
    released={  # numbers of images from the data set's README
        "train": ReleasedSplit(2975, ("right", "labels"), ("instances", "disparity", "camera"), _TRAINING),
        "val": ReleasedSplit(500, ("labels", "instances", "disparity", "camera"), ("right",), _TRAINING),
        "test": ReleasedSplit(1525, (), ("right", "disparity", "camera"), "table2 --submission needs it"),
        "train_extra": ReleasedSplit(
            19998, ("right",), ("disparity", "camera"), "the CoarseCTS rows of table1 need it"
        ),
    },
    list_parts=_list_parts,
    zero_disparity=1,
    read_camera=read_camera,
    scene_counts=_scene_counts,
    write_scenes=_write_scenes,
    scenes_size=(512, 256),
    demo_size=(384, 192),
    demo_counts={"train": 64, "val": 20, "test": 4, "train_extra": 64},
    widths=range(2048, 2049),
    heights=range(1024, 1025),
    native_size="2048×1024",
    has_one_size=True,
    note=part_note,
)
