"""Check one frame: read its files as training does, and check that their contents are consistent.

The bounds below are wide: they only reject values that are impossible for a camera on a car. Bounds on the
two views are in `views`.
"""

from collections import Counter

import numpy as np

from selfsup_segmentation.data.calibration import Camera
from selfsup_segmentation.data.decode import read_instances, read_labels, read_rgb
from selfsup_segmentation.data.files import KINDS as FILE_KINDS
from selfsup_segmentation.data.files import FileError
from selfsup_segmentation.data.labels import ID_TO_TRAIN_ID, IGNORE
from selfsup_segmentation.data.verify.problems import Findings, FrameFiles, FrameResult
from selfsup_segmentation.data.verify.views import SAME_EXPOSURE, SWAPPED, compare_views

DISPARITY_RANGE = (0.01, 0.3)
"""Range of the largest disparity of an image, in image widths. Above 0.3, a point would be closer than 1.1 m
to the camera of either data set, and the network cannot predict it; 16 bits cannot store it at native size,
so such a file belongs to a larger image. Below 0.01, everything, even the road, would be farther away than
23 m (KITTI: 31 m): such values were stored with 8 bits or are not disparities."""

FOCAL_RANGE = (0.4, 2.0)
"""Range of focal lengths, image widths: 103 to 28 degrees of view. The real ones are 1.1 and 0.58."""

BASELINE_RANGE = (0.05, 1.5)
"""Range of distances between the two cameras, m. The real ones are 0.21 and 0.53."""

INSTANCE_TOLERANCE = 0.01
"""Largest accepted share of pixels, 0..1, whose instance id belongs to another class than their label. The
official tool draws both files in the same way; other tools may draw polygons differently."""

# In the order of reports.
_PARTS = ("left", "right", "labels", "instances", "disparity", "camera", "copy")
_READERS = {
    "left": read_rgb,
    "right": read_rgb,
    "labels": read_labels,
    "instances": read_instances,
    "copy": read_rgb,
}


def check_frame(frame: FrameFiles) -> FrameResult:
    """Read all files of a frame and compare them with each other.

    Args:
        frame: frame whose files are read; parts that it lacks are skipped.

    Returns:
        Size and problems of the frame; at most one problem of each kind per file.
    """
    findings = Findings(frame)
    content = _read_parts(frame, findings)
    camera = content.pop("camera", None)
    size = None
    if content:
        size = _check_sizes(content, findings)
        if camera is not None:
            _check_camera(camera, size[0], findings)
    if "left" in content and "copy" in content and not np.array_equal(content["copy"], content["left"]):
        sentence = f"and {findings.path('left')} differ: unpack archives of one release again."
        findings.add("copies differ", "copy", sentence)
    for part in ("left", "right"):
        if part in content and _is_blank(content[part]):
            findings.add("blank", part, "shows one color everywhere: download it again.")
            content.pop(part)
    if "labels" in content:
        _check_labels(content["labels"], content.get("instances"), findings)
    if "disparity" in content and not _is_plausible(content["disparity"], findings):
        content.pop("disparity")
    if "left" in content and "right" in content:
        _check_views(content["left"], content["right"], content.get("disparity"), findings)
    unreadable = any(problem.part == "left" and problem.kind in FILE_KINDS for problem in findings.problems)
    return FrameResult(None if unreadable or "left" not in frame.files else size, findings.problems)


def _read_parts(frame: FrameFiles, findings: Findings) -> dict:
    """Contents of the readable parts, dict of part to array or `Camera`; adds problems of the others."""
    layout = frame.layout
    readers = {**_READERS, "disparity": layout.read_disparity, "camera": layout.read_camera}
    content = {}
    for part in _PARTS:
        if part in frame.files:
            try:
                content[part] = readers[part](findings.path(part))
            except FileError as error:
                findings.add_text(error.kind, part, str(error))
    return content


def _check_sizes(content: dict, findings: Findings) -> tuple[int, int]:
    """(width, height) of most images, px; images of other sizes are removed from ``content``."""
    sizes = {part: (image.shape[1], image.shape[0]) for part, image in content.items()}
    usual = Counter(sizes.values()).most_common(1)[0][0]  # in a tie the left image's size
    example = next(part for part, size in sizes.items() if size == usual)
    for part, size in sizes.items():
        if size != usual:
            content.pop(part)
            findings.add(
                "size",
                part,
                f"is {size[0]}×{size[1]} but {findings.path(example)} is {usual[0]}×{usual[1]}: give files "
                "of the same size (both native, not resized).",
            )
    return usual


def _is_blank(image: np.ndarray) -> bool:
    """Whether 99 % of the pixels have one color, as in an all-black frame with a few hot pixels."""
    sample = image[::8, ::8].reshape(-1, 3).astype(int)
    return bool(np.mean(np.abs(sample - np.median(sample, axis=0)).max(axis=1) <= 4) > 0.99)


def _check_camera(camera: Camera, width: int, findings: Findings) -> None:
    if not FOCAL_RANGE[0] <= camera.focal / width <= FOCAL_RANGE[1]:
        findings.add(
            "calibration",
            "camera",
            f"gives a focal length of {camera.focal:g} px, which no image of {width} px width has: give "
            "images of native size and their own calibration.",
        )
    elif not BASELINE_RANGE[0] <= camera.baseline <= BASELINE_RANGE[1]:
        findings.add(
            "calibration",
            "camera",
            f"puts the cameras {camera.baseline:g} m apart, not 0.2 to 0.6 m: download it again.",
        )


def _check_labels(labels: np.ndarray, instances: np.ndarray | None, findings: Findings) -> None:
    if (ID_TO_TRAIN_ID[labels] == IGNORE).all():
        findings.add("blank", "labels", "holds none of the 19 classes: download it again.")
    elif instances is not None:
        classes = np.where(instances < 1000, instances, instances // 1000)
        share = np.mean((classes != labels) & (labels != 255))  # 255 is -1, which no instance file can hold
        if share > INSTANCE_TOLERANCE:
            findings.add(
                "instances",
                "instances",
                f"contradicts {findings.path('labels')} in {share:.0%} of the pixels: unpack both again.",
            )


def _is_plausible(disparity: np.ndarray, findings: Findings) -> bool:
    measured = disparity[~np.isnan(disparity)]
    if not measured.size:
        findings.add("disparity", "disparity", "holds no measurement: download it again.")
        return False
    largest, width = float(measured.max()), disparity.shape[1]
    low, high = (share * width for share in DISPARITY_RANGE)
    if low <= largest <= high:
        return True
    findings.add(
        "disparity",
        "disparity",
        f"has {largest:.1f} px as its largest disparity, where {low:.0f} to {high:.0f} px are plausible at "
        "its width: give the 16-bit file as it came with the data set.",
    )
    return False


def _check_views(
    left: np.ndarray, right: np.ndarray, disparity: np.ndarray | None, findings: Findings
) -> None:
    other = findings.path("left")
    if np.array_equal(left, right):
        findings.add("identical views", "right", f"is {other} once more: unpack the right images again.")
        return
    ratio = None if disparity is None else compare_views(left, right, disparity)
    if ratio is None or ratio >= SAME_EXPOSURE:
        return
    if ratio < SWAPPED:
        findings.add(
            "swapped views", "right", f"and {other} are exchanged: give each the place of the other."
        )
    else:
        findings.add(
            "views do not fit",
            "right",
            f"is not of the same moment as {other}, or their disparity is not: unpack all three again.",
        )
