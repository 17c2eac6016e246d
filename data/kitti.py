"""Find the frames of KITTI 2015 (stereo pairs, semantics, disparity, calibration) and split them.

The benchmark publishes labels for its 200 training frames only. The paper splits them at random into 170 and
30 and does not say which (Section 4.2), so the 30 are fixed here once and for all.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from selfsup_segmentation.data.decode import read_rgb
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.kitti_folders import PARTS, find_folder, list_cameras, list_files, list_names

OFFICIAL_COUNT = 200
SPLITS = ("train", "val")

# sorted(numpy.random.default_rng(0).permutation(200)[:30])
# fmt: off
VALIDATION_IDS = (
    0, 6, 39, 54, 65, 71, 72, 90, 91, 92, 105, 111, 117, 119, 126,
    131, 138, 139, 142, 152, 153, 157, 158, 159, 165, 168, 171, 179, 180, 191,
)
# fmt: on


def find_frames(
    root: str | Path, split: str, need: Collection[str] = ("right", "labels"), split_seed: int = 0
) -> list[Frame]:
    """Frames of one split, sorted by name.

    `root` is the folder into which the archives were unpacked together, or one that has them side by side in
    ``data_scene_flow`` and ``data_semantics`` (then a few of the images that both contain are compared).

    Args:
        root: folder that contains ``training``, or the two folders above; ``~`` is expanded.
        split: ``train`` or ``val``. With all 200 frames `VALIDATION_IDS` are val. With fewer the last fifth
            is: neighbouring frames come from one drive, and a random split would show the network its
            validation scenes (see `split_note`).
        need: attributes of `Frame` to fill in besides the left image; the others are None. Disparity is
            ``disp_occ_0`` where it exists, else ``disp_noc_0``. Camera is the frame's own calibration, else
            ``calib_cam_to_cam.txt`` in `root`, else None.
        split_seed: of another random choice of 30 validation frames than the committed one, which is 0.

    Returns:
        At least one frame; each file was listed in its folder.

    Raises:
        InputError: the root, a folder or a file is missing, the split is unknown or empty, the archives
            do not fit together, or another split is asked for of frames that are not all there.
        ValueError: `need` holds what is no attribute of `Frame`.
    """
    if split not in SPLITS:
        raise InputError(
            f"KITTI has no split {split!r}: choose train or val (labels of its test set are not public)."
        )
    unknown = set(need) - PARTS.keys()
    if isinstance(need, str) or unknown:
        raise ValueError(f"need is a collection of {', '.join(PARTS)}, got {need!r}.")
    need = [attribute for attribute in PARTS if attribute in need and attribute != "left"]
    root = Path(root).expanduser()
    names = list_names(root)
    chosen = _split_names(names, split_seed)[split]
    if not chosen:
        raise InputError(f"{root} has only {len(names)} frame, too few for a split {split}: add frames.")

    files = {"left": list_files(root, "left", chosen)}
    for attribute in need:
        listing = list_cameras if attribute == "camera" else list_files
        files[attribute] = listing(root, attribute, chosen)
    if "labels" in need:
        check_copies(root, [chosen[0], chosen[len(chosen) // 2], chosen[-1]])
    return [
        Frame(name, **{part: paths[index] for part, paths in files.items()})
        for index, name in enumerate(chosen)
    ]


def validation_ids(seed: int = 0) -> tuple[int, ...]:
    """Numbers of the 30 validation frames; `VALIDATION_IDS` for seed 0, else another random choice."""
    if seed == 0:
        return VALIDATION_IDS  # committed, whatever becomes of numpy's generator
    chosen = np.random.default_rng(seed).permutation(OFFICIAL_COUNT)[: len(VALIDATION_IDS)]
    return tuple(sorted(map(int, chosen)))


def split_note(root: str | Path) -> str | None:
    """One sentence for every report when the frames are not the full set, else None.

    Args:
        root: as for `find_frames`.

    Returns:
        For example ``30 of 200 frames: contiguous split 24 / 6 instead of the committed 170 / 30``.

    Raises:
        InputError: as `find_frames`.
    """
    names = list_names(Path(root).expanduser())
    if _is_complete(names):
        return None
    split = _split_names(names)
    return (
        f"{len(names)} of {OFFICIAL_COUNT} frames: contiguous split {len(split['train'])} / "
        f"{len(split['val'])} instead of the committed {OFFICIAL_COUNT - len(VALIDATION_IDS)} / "
        f"{len(VALIDATION_IDS)}"
    )


def check_copies(root: str | Path, names: Collection[str]) -> None:
    """Compare the left images that data_scene_flow and data_semantics both bring.

    Labels drawn on one copy fit the other only if the pixels are the same. Does nothing where the archives
    were unpacked into one folder, or where data_semantics came without images.

    Args:
        root: as for `find_frames`.
        names: frames to compare; each costs the reading of two images.

    Raises:
        InputError: the two images of a frame differ, or there is no folder of images or of labels.
    """
    root = Path(root).expanduser()
    images = find_folder(root, "left")
    copies = find_folder(root, "labels").parent / "image_2"
    if copies == images:
        return
    for name in names:
        pair = images / f"{name}.png", copies / f"{name}.png"
        if not pair[1].is_file() or _have_same_bytes(*pair):
            continue
        if not np.array_equal(*map(read_rgb, pair)):
            raise InputError(
                f"{pair[0]} and {pair[1]} differ: unpack data_scene_flow.zip and data_semantics.zip of the "
                "same release (KITTI 2015) again."
            )


def _have_same_bytes(first: Path, second: Path) -> bool:
    """Cheap answer for the usual case, where nobody has compressed a copy anew."""
    return first.stat().st_size == second.stat().st_size and first.read_bytes() == second.read_bytes()


def _split_names(names: list[str], seed: int = 0) -> dict[str, list[str]]:
    if _is_complete(names):
        val = {f"{number:06d}_10" for number in validation_ids(seed)}
        return {"train": [name for name in names if name not in val], "val": sorted(val)}
    if seed:
        raise InputError(
            f"kitti_split_seed={seed}: only all {OFFICIAL_COUNT} frames are split at random, and these are "
            f"{len(names)}; leave that reading at 0."
        )
    count = max(1, round(len(names) / 5))
    return {"train": names[:-count], "val": names[-count:]}


def _is_complete(names: list[str]) -> bool:
    return names == [f"{number:06d}_10" for number in range(OFFICIAL_COUNT)]
