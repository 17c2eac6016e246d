"""Check one frame: its files are read as training reads them, and what they hold must fit together.

The bounds below only accuse what no camera in a street can have taken; those on the two views are in `views`.
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
"""Where the largest disparity of an image lies, in widths of the image. Over 0.3 a point would be nearer than
1.1 m to either car's camera, and the network cannot express it; at the native sizes 16 bits end before that,
so that such files belong to larger images. Under 0.01 nothing would be nearer than 23 m (KITTI: 31 m), not
even the road: such values were stored with 8 bits, or are no disparities."""

FOCAL_RANGE = (0.4, 2.0)
"""Focal lengths in widths of the image: views of 28 to 103 degrees. The real cameras have 1.1 and 0.58."""

BASELINE_RANGE = (0.05, 1.5)
"""Distances of two cameras on one car, m. The real ones are 0.21 and 0.53."""

INSTANCE_TOLERANCE = 0.01
"""Share of the pixels whose instance id may belong to another class than their label: room for a tool that
draws the polygons in another way; the official one draws both files alike."""

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
        frame: frame whose files are read; parts that it does not have are not looked for.

    Returns:
        Its problems; at most one of each kind for a file.
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
    """Content of each part that can be read."""
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
    """(width, height) of most images; images of other sizes are left out of what is compared further."""
    sizes = {part: (image.shape[1], image.shape[0]) for part, image in content.items()}
    usual = Counter(sizes.values()).most_common(1)[0][0]  # of equals the first, which is the left image's
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
    some = image[::8, ::8].reshape(-1, 3).astype(int)
    return bool(np.mean(np.abs(some - np.median(some, axis=0)).max(axis=1) <= 4) > 0.99)


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
