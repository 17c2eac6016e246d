"""List the files of a data set, and the missing ones.

Unlike `data.layout.Layout.find_frames`, which stops at the first missing file, this lists all of them.
"""

from dataclasses import dataclass, field
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layout import Layout, PartFiles
from selfsup_segmentation.data.scenes.write import MARKER
from selfsup_segmentation.data.verify.problems import FrameFiles, Problem


@dataclass
class SplitListing:
    """Files of one split that exist.

    Attributes:
        name: name of the split: ``train``, …; ``training`` for all frames of KITTI.
        found: number of left images.
        official: number of left images in the complete data set; None for embedded scenes.
        frames: expected frames, with their existing files.
    """

    name: str
    found: int
    official: int | None
    frames: list[FrameFiles] = field(default_factory=list)


@dataclass
class Listing:
    """Files of a data set that exist.

    Attributes:
        splits: splits that exist.
        problems: missing files.
        remarks: sentences on absent or excluded files that are no problem.
    """

    splits: list[SplitListing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def list_data_set(layout: Layout, root: Path) -> Listing:
    """List the files of a data set without opening them.

    Raises:
        InputError: the data set does not exist, or a folder cannot be listed.
    """
    listing, archives = Listing(), []
    for name, released in layout.released.items():
        parts = layout.scan(root, name, ("left", *released.needed, *released.also))
        archives.append(parts["left"].archive)
        if any(parts[part].files for part in ("left", *released.needed)):
            listing.splits.append(SplitListing(name, len(parts["left"].files), released.frames))
            _add_frames(listing, layout, root, parts, released.needed)
        else:
            listing.remarks.append(f"{name} is absent: {released.purpose} ({archives[-1]}.zip).")
    if not listing.splits:
        raise InputError(f"{root} holds no split of {layout.title}: unpack {archives[0]}.zip into it.")
    is_scenes = (root / MARKER).is_file()
    if is_scenes:
        listing.remarks.append("These are embedded street scenes, of which there is no official number.")
    for split in listing.splits:
        if is_scenes:
            split.official = None
        elif split.official != split.found:
            listing.remarks.append(f"{split.name}: {split.found} of {split.official} frames.")
    return listing


def _add_frames(
    listing: Listing, layout: Layout, root: Path, parts: dict[str, PartFiles], needed: tuple[str, ...]
) -> None:
    """Add frames, missing files and remarks to the last split of a listing."""
    split = listing.splits[-1]
    listing.remarks += [f"{split.name}: {part.note}" for part in parts.values() if part.note]
    required = [part for part in ("left", *needed) if not parts[part].is_optional]
    for part in [part for part in required if not parts[part].files]:
        folder, archive = parts[part].folder, parts[part].archive
        sentence = f"{root / folder} has no such files: unpack {archive}.zip into {root}."
        listing.problems.append(Problem("missing", split.name, part, folder, sentence))
    required = [part for part in required if parts[part].files]
    others = [parts[part].files.keys() for part in required if part != "left"]
    # A left image is missing only if all other parts exist: the labels may cover more frames than the images.
    names = parts["left"].files.keys() | (set.intersection(*map(set, others)) if others else set())
    for name in sorted(names):
        files = {part: listed.files[name] for part, listed in parts.items() if name in listed.files}
        split.frames.append(FrameFiles(layout, root, split.name, name, files))
        for part in [part for part in required if part not in files]:
            file, archive = parts[part].path_of(name), parts[part].archive
            sentence = f"{root / file} is missing: unpack {archive}.zip into {root} again."
            listing.problems.append(Problem("missing", split.name, part, file, sentence))
    stray = sorted(set().union(*others) - names)
    if stray:
        listing.remarks.append(
            f"{split.name}: {len(stray)} frames have no left image, nor all the rest, and are left out "
            f"({stray[0]}, …)."
        )
    for part, listed in parts.items():
        lacking = [name for name in sorted(names) if name not in listed.files]
        if lacking and part not in ("left", *needed) and not listed.is_optional:
            listing.remarks.append(
                f"{split.name}: {len(lacking)} of {len(names)} frames have no {part}, which no verb reads "
                f"({lacking[0]}, …)."
            )
