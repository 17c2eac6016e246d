"""List the files of a data set, and the missing ones.

Unlike `data.layout.Layout.find_frames`, which stops at the first missing file, this lists all of them.
"""

from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layout import Layout, PartFiles, ReleasedSplit
from selfsup_segmentation.data.scenes.write import MARKER
from selfsup_segmentation.data.verify.report import FrameFiles, Problem, Report, SplitReport


def list_data_set(layout: Layout, root: Path) -> tuple[Report, list[FrameFiles]]:
    """List the files of a data set without opening them.

    Returns:
        A report on splits and missing files, and the frames that should exist with the files that do.

    Raises:
        InputError: the data set does not exist, or a folder cannot be listed.
    """
    report, frames, archives = Report(layout.name, str(root)), [], []
    is_scenes = (root / MARKER).is_file()
    for name, released in layout.released.items():
        parts = layout.scan(root, name, ("left", *released.needed, *released.also))
        archives.append(parts["left"].archive)
        if not any(parts[part].files for part in ("left", *released.needed)):
            report.remarks.append(f"{name} is absent: {released.purpose} ({archives[-1]}.zip).")
            continue
        files = _complete_frames(report, root, name, parts, released)
        frames += [FrameFiles(layout, root, name, frame, files[frame]) for frame in files]
        counts = {part: len({f[part] for f in files.values() if part in f}) for part in parts}
        counts = {part: count for part, count in counts.items() if count}
        official = None if is_scenes else released.frames
        report.splits.append(SplitReport(name, len(parts["left"].files), official, counts))
    if not report.splits:
        raise InputError(f"{root} holds no split of {layout.title}: unpack {archives[0]}.zip into it.")
    if is_scenes:
        report.remarks.append("These are embedded street scenes, of which there is no official number.")
    for split in report.splits:
        if split.official not in (None, split.found):
            report.remarks.append(f"{split.name}: {split.found} of {split.official} frames.")
    return report, frames


def _complete_frames(
    report: Report, root: Path, split: str, parts: dict[str, PartFiles], released: ReleasedSplit
) -> dict[str, dict[str, str]]:
    """Files of each frame of a split by part; what the frames lack, and what is useless, is reported."""
    report.remarks += [f"{split}: {part.note}" for part in parts.values() if part.note]
    required = [part for part in ("left", *released.needed) if not parts[part].is_optional]
    for part in [part for part in required if not parts[part].files]:
        folder, archive = parts[part].folder, parts[part].archive
        sentence = f"{root / folder} has no such files: unpack {archive}.zip into {root}."
        report.problems.append(Problem("missing", split, part, folder, sentence))
    required = [part for part in required if parts[part].files]
    others = [parts[part].files.keys() for part in required if part != "left"]
    # A left image is missing only if all other parts exist: the labels may cover more frames than the images.
    names = parts["left"].files.keys() | (set.intersection(*map(set, others)) if others else set())
    frames = {}
    for name in sorted(names):
        frames[name] = {part: listed.files[name] for part, listed in parts.items() if name in listed.files}
        for part in [part for part in required if part not in frames[name]]:
            file, archive = parts[part].path_of(name), parts[part].archive
            sentence = f"{root / file} is missing: unpack {archive}.zip into {root} again."
            report.problems.append(Problem("missing", split, part, file, sentence))
    stray = sorted(set().union(*others) - names)
    if stray:
        report.remarks.append(
            f"{split}: {len(stray)} frames have no left image, nor all the rest, and are left out "
            f"({stray[0]}, …)."
        )
    for part in [part for part in released.also if not parts[part].is_optional]:
        lacking = [name for name in frames if part not in frames[name]]
        if lacking:
            report.remarks.append(
                f"{split}: {len(lacking)} of {len(names)} frames have no {part}, which no verb reads "
                f"({lacking[0]}, …)."
            )
    return frames
