"""KITTI 2015 (stereo pairs, semantics, disparity, calibration) and its split into training and validation.

The benchmark publishes labels for its 200 training frames only. The paper splits them at random into 170 and
30 without publishing the split (Section 4.2), so the 30 validation frames are fixed here.

The archives may be unpacked into one folder, or each into a folder named after it. Disparity is
``disp_occ_0`` if it exists, else ``disp_noc_0``. Camera is the frame's own calibration, else
``calib_cam_to_cam.txt`` in the root, else None.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from selfsup_segmentation.data.calibration import read_kitti_calibration
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import list_files
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.layout import Layout, PartFiles, ReleasedSplit

OFFICIAL_COUNT = 200

# sorted(numpy.random.default_rng(0).permutation(200)[:30])
# fmt: off
VALIDATION_IDS = (
    0, 6, 39, 54, 65, 71, 72, 90, 91, 92, 105, 111, 117, 119, 126,
    131, 138, 139, 142, 152, 153, 157, 158, 159, 165, 168, 171, 179, 180, 191,
)
# fmt: on

_ARCHIVES = ("data_scene_flow", "data_semantics", "data_scene_flow_calib")
# Attribute of a Frame → (folders in order of preference, suffix of the file name, archive).
# Of the two frames of a scene, _10 is the first, which is annotated, and _11 the second.
_PARTS = {
    "left": (("image_2",), "_10.png", "data_scene_flow"),
    "right": (("image_3",), "_10.png", "data_scene_flow"),
    "labels": (("semantic",), "_10.png", "data_semantics"),
    "instances": (("instance",), "_10.png", "data_semantics"),
    "disparity": (("disp_occ_0", "disp_noc_0"), "_10.png", "data_scene_flow"),
    "camera": (("calib_cam_to_cam",), ".txt", "data_scene_flow_calib"),
}
_COMMON_CALIBRATION = "calib_cam_to_cam.txt"  # shared by all frames if they have no calibration of their own


def validation_ids(seed: int = 0) -> tuple[int, ...]:
    """Numbers of the 30 validation frames, 0..199; `VALIDATION_IDS` for seed 0, else a random choice."""
    if seed == 0:
        return VALIDATION_IDS  # stored, so that it does not depend on NumPy's generator
    import numpy as np

    chosen = np.random.default_rng(seed).permutation(OFFICIAL_COUNT)[: len(VALIDATION_IDS)]
    return tuple(sorted(map(int, chosen)))


def split_note(root: str | Path) -> str | None:
    """Sentence for every report if the data set is incomplete, else None.

    Returns:
        For example ``30 of 200 frames: contiguous split 24 / 6 instead of the committed 170 / 30``.

    Raises:
        InputError: as `Layout.find_frames`.
    """
    root = Path(root).expanduser()
    left = KITTI.scan(root, "training", ["left"])["left"]
    left.require(root)
    names, val_count = sorted(left.files), len(VALIDATION_IDS)
    if _is_complete(names):
        return None
    split = _split_names(names)
    return (
        f"{len(names)} of {OFFICIAL_COUNT} frames: contiguous split {len(split['train'])} / "
        f"{len(split['val'])} instead of the committed {OFFICIAL_COUNT - val_count} / {val_count}"
    )


def _check_copies(root: Path, frames: list[Frame]) -> None:
    """Compare some of the left images that both data_scene_flow and data_semantics contain.

    The labels of one copy are valid for the other only if the pixels are equal. Does nothing if the archives
    were unpacked into one folder, or if data_semantics has no images.
    """
    copies = _list_copies(root).files
    for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
        if frame.name not in copies:
            continue
        import numpy as np

        from selfsup_segmentation.data.decode import read_rgb

        copy = root / copies[frame.name]
        if not np.array_equal(read_rgb(frame.left), read_rgb(copy)):
            raise InputError(
                f"{frame.left} and {copy} differ: unpack data_scene_flow.zip and data_semantics.zip of the "
                "same release (KITTI 2015) again."
            )


def _list_parts(root: Path, split: str, parts: Iterable[str]) -> dict[str, PartFiles]:
    listed = {part: _list_part(root, part) for part in parts if part != "copy"}
    if "camera" in listed and not (root / listed["camera"].folder).is_dir():
        names = set().union(*(part.files for part in listed.values()))
        listed["camera"] = _common_calibration(root, listed["camera"], names)
    if "copy" in parts:
        listed["copy"] = _list_copies(root)
    return listed


def _list_part(root: Path, part: str) -> PartFiles:
    folders, suffix, archive = _PARTS[part]
    candidates = [f"{base}/{folder}" for folder in folders for base in KITTI.bases]
    top = next((folder for folder in candidates if (root / folder).is_dir()), f"training/{folders[0]}")

    def path_of(name: str) -> str:
        return f"{top}/{name.removesuffix('_10')}{suffix}"

    files = {f"{number}_10": f"{top}/{number}{suffix}" for number in list_files(root / top, suffix)}
    return PartFiles(top, f"*{suffix}", archive, files, path_of)


def _common_calibration(root: Path, camera: PartFiles, names: Collection[str]) -> PartFiles:
    """Calibration of frames without a calibration of their own: one file for all, or none."""
    files, note = {}, f"no calibration ({camera.archive}.zip), and so no errors in meters."
    if (root / _COMMON_CALIBRATION).is_file():
        files = dict.fromkeys(names, _COMMON_CALIBRATION)
        note = f"one calibration for all frames, {_COMMON_CALIBRATION}."
    return PartFiles(".", _COMMON_CALIBRATION, camera.archive, files, camera.path_of, True, note)


def _list_copies(root: Path) -> PartFiles:
    """Left images that were unpacked with the labels, if these have a folder of their own."""
    left, labels = (_list_part(root, part) for part in ("left", "labels"))
    top = f"{labels.folder.rpartition('/')[0]}/image_2"
    numbers = [] if top == left.folder else list_files(root / top, "_10.png")
    files = {f"{number}_10": f"{top}/{number}_10.png" for number in numbers}
    return PartFiles(top, "*_10.png", labels.archive, files, lambda name: f"{top}/{name}.png", True)


def _select(root: Path, names: list[str], split: str, split_seed: int) -> list[str]:
    """Names of the frames of a split.

    With all 200 frames, val is `VALIDATION_IDS`. With fewer, it is the last fifth: neighbouring frames come
    from the same drive, so a random split would train on scenes of the validation frames (see `split_note`).
    """
    chosen = _split_names(names, split_seed)[split]
    if not chosen:
        raise InputError(f"{root} has only {len(names)} frame, too few for a split {split}: add frames.")
    return chosen


def _split_names(names: list[str], seed: int = 0) -> dict[str, list[str]]:
    if _is_complete(names):
        val = {f"{number:06d}_10" for number in validation_ids(seed)}
        return {"train": [name for name in names if name not in val], "val": sorted(val)}
    if seed:
        raise InputError(
            f"kitti_split_seed={seed}: only all {OFFICIAL_COUNT} frames are split at random, and these are "
            f"{len(names)}; leave this reading at 0."
        )
    count = max(1, round(len(names) / 5))
    return {"train": names[:-count], "val": names[-count:]}


def _is_complete(names: list[str]) -> bool:
    return names == [f"{number:06d}_10" for number in range(OFFICIAL_COUNT)]


def _write_scenes(root: Path, count: int, **options) -> None:
    from selfsup_segmentation.data.scenes import write_kitti

    write_kitti(root, count, **options)


KITTI = Layout(
    name="kitti",
    scenes_name="scenes-kitti",
    title="KITTI",
    contents="training/image_2, semantic, …",
    bases=("training", *(f"{archive}/training" for archive in _ARCHIVES)),
    folders=frozenset(),
    splits=("train", "val"),
    released={
        "training": ReleasedSplit(
            OFFICIAL_COUNT, ("right", "labels", "disparity", "camera"), ("copy",), "table3 and train need it"
        )
    },
    list_parts=_list_parts,
    zero_disparity=0,
    read_camera=read_kitti_calibration,
    scene_counts=int,
    write_scenes=_write_scenes,
    scenes_size=(1242, 375),
    demo_size=(318, 96),
    demo_counts=60,
    widths=range(1224, 1243),
    heights=range(370, 377),
    native_size="about 1242×375",
    has_one_size=False,
    fits=("pad", "resize"),
    select=_select,
    check=_check_copies,
    note=split_note,
)
