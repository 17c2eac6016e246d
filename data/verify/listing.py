"""Which files a data set should have: those that the program reads, and others of the same frames.

Unlike `data.cityscapes.find_frames` and `data.kitti.find_frames`, which stop at the first missing file, this
names all of them. What a frame must have is what training and evaluation ask those two for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from selfsup_segmentation.data import cityscapes, kitti, kitti_folders
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.scenes.write import MARKER
from selfsup_segmentation.data.verify.problems import FrameFiles, Problem

# Split -> (parts that some verb reads besides the left image, parts that are checked where they are there).
CITYSCAPES_PARTS = {
    "train": (("right", "labels"), ("instances", "disparity", "camera")),
    "val": (("labels", "instances", "disparity", "camera"), ("right",)),
    "test": ((), ("right", "disparity", "camera")),
    "train_extra": (("right",), ("disparity", "camera")),
}
_NEEDED_BY = {
    "train": "table1, train and all that goes on from them need it",
    "val": "table1, train and all that goes on from them need it",
    "test": "table2 --submission needs it",
    "train_extra": "the CoarseCTS rows of table1 need it",
}
KITTI_PARTS = ("right", "labels", "disparity")


@dataclass
class SplitListing:
    """What is there of one split.

    Attributes:
        name: ``train``, …; ``training`` for all frames of KITTI, which has no official split.
        found: left images.
        official: how many the whole data set has; None for embedded scenes.
        frames: those that should be there, with the files that are.
    """

    name: str
    found: int
    official: int | None
    frames: list[FrameFiles] = field(default_factory=list)


@dataclass
class Listing:
    """What is there of a data set.

    Attributes:
        splits: those that are there.
        problems: what is missing.
        remarks: sentences on what is not there, or is left out, and need not be.
    """

    splits: list[SplitListing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Part:
    """Files of one kind in one split: by frame, where a missing one would be, and from which archive."""

    folder: str
    archive: str
    paths: dict[str, str]
    expected: Callable[[str], str]


def list_files(layout: str, root: Path) -> Listing:
    """List a data set; no file is opened.

    Args:
        layout: ``cityscapes`` or ``kitti``.
        root: as for the ``find_frames`` of that layout.

    Raises:
        InputError: there is no such data set, or a folder that this user may not list.
    """
    try:
        listing = _list_kitti(root) if layout == "kitti" else _list_cityscapes(root)
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be listed ({error.strerror}): give this user the right to read it."
        ) from error
    if (root / MARKER).is_file():
        for split in listing.splits:
            split.official = None
        listing.remarks.append("These are embedded street scenes, of which there is no official number.")
    for split in listing.splits:
        if split.official not in (None, split.found):
            listing.remarks.append(f"{split.name}: {split.found} of {split.official} frames.")
    return listing


def _list_cityscapes(root: Path) -> Listing:
    cityscapes.require_root(root, "leftImg8bit_trainvaltest")
    listing = Listing()
    for split, (needed, also) in CITYSCAPES_PARTS.items():
        table = cityscapes.EXTRA_PARTS if split == "train_extra" else cityscapes.FINE_PARTS
        parts = {part: _list_cities(root, split, *table[part]) for part in ("left", *needed, *also)}
        if not any(parts[part].paths for part in ("left", *needed)):
            listing.remarks.append(
                f"{split} is not there: {_NEEDED_BY[split]} ({parts['left'].archive}.zip)."
            )
            continue
        found = len(parts["left"].paths)
        for name in sorted(cityscapes.CORRUPT_FRAMES & parts["left"].paths.keys()):
            listing.remarks.append(f"{split}: {name} is known to be corrupt and left out everywhere.")
        for part in parts.values():
            for name in cityscapes.CORRUPT_FRAMES & part.paths.keys():
                del part.paths[name]
        listing.splits.append(SplitListing(split, found, cityscapes.OFFICIAL_COUNTS[split]))
        _add_frames(listing, "cityscapes", root, parts, needed)
    if not listing.splits:
        raise InputError(f"{root} holds no split of Cityscapes: unpack leftImg8bit_trainvaltest.zip into it.")
    return listing


def _list_cities(root: Path, split: str, folder: str, suffix: str, archive: str) -> _Part:
    top, paths = f"{folder}/{split}", {}
    if (root / top).is_dir():
        for city in sorted((root / top).iterdir()):
            if city.is_dir():
                listed = cityscapes.list_city(str(city), suffix)
                paths |= {name: f"{top}/{city.name}/{name}{suffix}" for name in listed}
    return _Part(top, archive, paths, lambda name: f"{top}/{name.split('_')[0]}/{name}{suffix}")


def _list_kitti(root: Path) -> Listing:
    kitti_folders.list_names(root)  # refuses what is no KITTI folder
    parts = {part: _list_part(root, part) for part in ("left", *KITTI_PARTS, "camera")}
    listing = Listing([SplitListing("training", len(parts["left"].paths), kitti.OFFICIAL_COUNT)])
    common = root / kitti_folders.COMMON_CALIBRATION
    needed = (*KITTI_PARTS, "camera")
    if kitti_folders.search_folder(root, "camera") is None:
        needed = KITTI_PARTS
        calibration = parts.pop("camera")
        if common.is_file():
            listing.remarks.append(f"training: one calibration for all frames, {common.name}.")
        else:
            listing.remarks.append(
                f"training: no calibration ({calibration.archive}.zip), and so no errors in meters."
            )
    _add_frames(listing, "kitti", root, parts, needed)
    labels = kitti_folders.search_folder(root, "labels")
    for frame in listing.splits[0].frames:
        if "camera" not in parts and common.is_file():
            frame.files["camera"] = common.name
        copy = None if labels is None else f"{labels.parent.relative_to(root)}/image_2/{frame.name}.png"
        if copy not in (None, frame.files.get("left")) and (root / copy).is_file():
            frame.files["copy"] = copy
    return listing


def _list_part(root: Path, part: str) -> _Part:
    folders, archive = kitti_folders.PARTS[part]
    folder = kitti_folders.search_folder(root, part) or root / "training" / folders[0]
    top = folder.relative_to(root).as_posix()
    pair, suffix = ("", ".txt") if part == "camera" else ("_10", ".png")

    def expected(name: str) -> str:
        return f"{top}/{name.removesuffix('_10')}{pair}{suffix}"

    ending = pair + suffix
    files = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    names = [f"{file.removesuffix(ending)}_10" for file in files if file.endswith(ending) and file[0] != "."]
    return _Part(top, archive, {name: expected(name) for name in names}, expected)


def _add_frames(
    listing: Listing, layout: str, root: Path, parts: dict[str, _Part], needed: Collection[str]
) -> None:
    """Complete the last split of a listing: its frames, what they lack, and what is there for nothing."""
    split = listing.splits[-1]
    for part in [part for part in ("left", *needed) if not parts[part].paths]:
        folder, archive = parts[part].folder, parts[part].archive
        sentence = f"{root / folder} has no such files: unpack {archive}.zip into {root}."
        listing.problems.append(Problem("missing", split.name, part, folder, sentence))
    required = [part for part in ("left", *needed) if parts[part].paths]
    others = [parts[part].paths.keys() for part in required if part != "left"]
    # Only what has all the rest lacks its left image: labels of all frames may lie beside a sample of images.
    names = parts["left"].paths.keys() | (set.intersection(*map(set, others)) if others else set())
    for name in sorted(names):
        files = {part: listed.paths[name] for part, listed in parts.items() if name in listed.paths}
        split.frames.append(FrameFiles(layout, root, split.name, name, files))
        for part in [part for part in required if part not in files]:
            file, archive = parts[part].expected(name), parts[part].archive
            sentence = f"{root / file} is missing: unpack {archive}.zip into {root} again."
            listing.problems.append(Problem("missing", split.name, part, file, sentence))
    stray = sorted(set().union(*others) - names)
    if stray:
        listing.remarks.append(
            f"{split.name}: {len(stray)} frames have no left image, nor all the rest, and are left out "
            f"({stray[0]}, …)."
        )
    for part in [part for part in parts if part not in ("left", *needed)]:
        lacking = [name for name in sorted(names) if name not in parts[part].paths]
        if lacking:
            listing.remarks.append(
                f"{split.name}: {len(lacking)} of {len(names)} frames have no {part}, which no verb reads "
                f"({lacking[0]}, …)."
            )
