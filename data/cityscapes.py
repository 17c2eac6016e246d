"""Find the frames of Cityscapes in its official folders, or say which archive is missing.

All archives of the data set unpack into one root: ``<folder>/<split>/<city>/<frame><suffix>``. Listing reads
every city's folder once and compares names in memory, because asking for 20,000 files one by one takes
minutes on a network drive.
"""

import os
from collections.abc import Collection
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.frames import Frame

OFFICIAL_COUNTS = {"train": 2975, "val": 500, "test": 1525, "train_extra": 19998}
"""Left images of each split, as the data set's README counts them."""

CORRUPT_FRAMES = frozenset({"troisdorf_000000_000073"})
"""An all-black image of train_extra that has no disparity; TensorFlow Datasets leaves it out as well."""

# Attribute of a Frame -> (folder, suffix of the file name, archive without its ending).
FINE_PARTS = {
    "left": ("leftImg8bit", "_leftImg8bit.png", "leftImg8bit_trainvaltest"),
    "right": ("rightImg8bit", "_rightImg8bit.png", "rightImg8bit_trainvaltest"),
    "labels": ("gtFine", "_gtFine_labelIds.png", "gtFine_trainvaltest"),
    "instances": ("gtFine", "_gtFine_instanceIds.png", "gtFine_trainvaltest"),
    "disparity": ("disparity", "_disparity.png", "disparity_trainvaltest"),
    "camera": ("camera", "_camera.json", "camera_trainvaltest"),
}
EXTRA_PARTS = {
    "left": ("leftImg8bit", "_leftImg8bit.png", "leftImg8bit_trainextra"),
    "right": ("rightImg8bit", "_rightImg8bit.png", "rightImg8bit_trainextra"),
    "labels": ("gtCoarse", "_gtCoarse_labelIds.png", "gtCoarse"),
    "instances": ("gtCoarse", "_gtCoarse_instanceIds.png", "gtCoarse"),
    "disparity": ("disparity", "_disparity.png", "disparity_trainextra"),
    "camera": ("camera", "_camera.json", "camera_trainextra"),
}
_FOLDERS = {folder for parts in (FINE_PARTS, EXTRA_PARTS) for folder, _, _ in parts.values()}


def find_frames(root: str | Path, split: str, need: Collection[str] = ("right", "labels")) -> list[Frame]:
    """Frames of one split, sorted by name.

    Args:
        root: folder that contains ``leftImg8bit``; ``~`` is expanded, relative paths stay relative.
        split: ``train``, ``val``, ``test`` or ``train_extra``. The last takes labels and instances from
            ``gtCoarse`` and leaves out `CORRUPT_FRAMES`.
        need: attributes of `Frame` to fill in besides the left image; the others are None.

    Returns:
        At least one frame; each file was listed in its folder.

    Raises:
        InputError: the root, a folder or a file is missing, or the split is unknown or empty.
        ValueError: `need` holds what is no attribute of `Frame`.
    """
    if split not in OFFICIAL_COUNTS:
        raise InputError(f"Cityscapes has no split {split!r}: choose one of {', '.join(OFFICIAL_COUNTS)}.")
    parts = EXTRA_PARTS if split == "train_extra" else FINE_PARTS
    need = _require_attributes(need, parts)
    root = Path(root).expanduser()
    require_root(root, parts["left"][-1])

    listings = {attribute: _list_split(root, split, *parts[attribute]) for attribute in ("left", *need)}
    names = sorted(listings["left"])
    for attribute in need:
        missing = [name for name in names if name not in listings[attribute]]
        if missing:
            city = Path(listings["left"][missing[0]]).parent.name
            raise _missing_files(root, f"{split}/{city}", missing, *parts[attribute])
    return [Frame(name, **{part: Path(files[name]) for part, files in listings.items()}) for name in names]


def _require_attributes(need: Collection[str], parts: dict) -> list[str]:
    unknown = set(need) - parts.keys()
    if isinstance(need, str) or unknown:
        raise ValueError(f"need is a collection of {', '.join(parts)}, got {need!r}.")
    return [attribute for attribute in parts if attribute in need and attribute != "left"]


def require_root(root: Path, archive: str) -> None:
    """Raise `InputError` where a folder is not the one of Cityscapes; ``archive`` would mend it."""
    if not root.is_dir():
        problem = "is not a folder" if root.exists() else "does not exist"
        raise InputError(f"{root} {problem}: give the folder that contains Cityscapes' leftImg8bit.")
    if (root / "leftImg8bit").is_dir():
        return
    above = [
        folder.parent for folder in (root.absolute(), *root.absolute().parents[:2]) if folder.name in _FOLDERS
    ]
    below = sorted(path.parent for path in root.glob("*/leftImg8bit") if path.is_dir())
    if above:
        mend = f"give {above[0]} instead."
    elif len(below) == 1 and not below[0].name.startswith("leftImg8bit"):
        mend = f"give {below[0]} instead."
    elif below:
        mend = f"unpack all archives into one folder ({below[0]} holds only part of the data set)."
    else:
        mend = f"unpack {archive}.zip there or give another folder."
    raise InputError(f"{root} contains no folder leftImg8bit: {mend}")


def _list_split(root: Path, split: str, folder: str, suffix: str, archive: str) -> dict[str, str]:
    """Frame name -> path of its file, from one folder of the split."""
    files = {}
    try:
        with os.scandir(root / folder / split) as cities:
            for city in cities:
                if city.is_dir():
                    files.update(list_city(city.path, suffix))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(
            f"{root / folder / split} does not exist: unpack {archive}.zip into {root}."
        ) from error
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be listed ({error.strerror}): give this user the right to read it."
        ) from error
    files = {name: path for name, path in files.items() if name not in CORRUPT_FRAMES}
    if not files:
        raise InputError(
            f"{root / folder / split} contains no <city>/*{suffix}: unpack {archive}.zip into {root}."
        )
    return files


def list_city(city: str, suffix: str) -> dict[str, str]:
    """Path of each file of a city's folder with a suffix, by the name without that."""
    with os.scandir(city) as entries:
        return {
            entry.name[: -len(suffix)]: entry.path
            for entry in entries
            if entry.name.endswith(suffix) and not entry.name.startswith(".")  # macOS leaves ._ files behind
        }


def _missing_files(
    root: Path, city: str, names: list[str], folder: str, suffix: str, archive: str
) -> InputError:
    path = root / folder / city / (names[0] + suffix)
    more = f" (and {len(names) - 1} more of this kind)" if len(names) > 1 else ""
    return InputError(f"{path} is missing{more}: unpack {archive}.zip into {root} again.")
