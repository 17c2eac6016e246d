"""Check one frame: read its files as training does, and check that their contents are consistent.

The bounds below are wide: they only reject values that are impossible for a camera on a car. Bounds on the
two views are in `views`.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from selfsup_segmentation.data.calibration import Camera
from selfsup_segmentation.data.decode import read_instances, read_labels, read_rgb
from selfsup_segmentation.data.files import FileError
from selfsup_segmentation.data.labels import ID_TO_TRAIN_ID, IGNORE
from selfsup_segmentation.data.verify.report import FrameFiles, FrameResult, Problem
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


def check_frame(frame: FrameFiles) -> FrameResult:
    """Read all files of a frame and compare them with each other.

    Args:
        frame: frame whose files are read; parts that it lacks are skipped.

    Returns:
        Size and problems of the frame; at most one problem of each kind per file.
    """
    layout, content, problems = frame.layout, {}, []
    readers = {  # in the order of reports
        "left": read_rgb,
        "right": read_rgb,
        "labels": read_labels,
        "instances": read_instances,
        "disparity": layout.read_disparity,
        "camera": layout.read_camera,
        "copy": read_rgb,
    }
    for part in [part for part in readers if part in frame.files]:
        try:
            content[part] = readers[part](frame.path(part))
        except FileError as error:
            problems.append(Problem(error.kind, frame.split, part, frame.files[part], str(error)))
    camera = content.pop("camera", None)
    if not content:
        return FrameResult(None, problems)
    sizes = {part: (image.shape[1], image.shape[0]) for part, image in content.items()}
    usual = Counter(sizes.values()).most_common(1)[0][0]  # in a tie the left image's size
    example = next(part for part, size in sizes.items() if size == usual)
    for part in [part for part, size in sizes.items() if size != usual]:
        sentence = (
            f"is {sizes[part][0]}×{sizes[part][1]} but {frame.path(example)} is {usual[0]}×{usual[1]}: give "
            "files of the same size (both native, not resized)."
        )
        problems.append(frame.problem("size", part, sentence))
        del content[part]
    if camera is not None and (sentence := _camera_fault(camera, usual[0])):
        problems.append(frame.problem("calibration", "camera", sentence))
    problems += _compare(frame, content)
    return FrameResult(usual if "left" in sizes else None, problems)


def _compare(frame: FrameFiles, content: dict) -> Iterator[Problem]:
    """Problems of images of one size; a useless one leaves ``content``."""
    if {"left", "copy"} <= content.keys() and not np.array_equal(content["copy"], content["left"]):
        sentence = f"and {frame.path('left')} differ: unpack archives of one release again."
        yield frame.problem("copies differ", "copy", sentence)
    for part in ("left", "right"):
        if part in content and _is_blank(content[part]):
            yield frame.problem("blank", part, "shows one color everywhere: download it again.")
            del content[part]
    if "labels" in content:
        labels, instances = content["labels"], content.get("instances")
        if (ID_TO_TRAIN_ID[labels] == IGNORE).all():
            yield frame.problem("blank", "labels", "holds none of the 19 classes: download it again.")
        elif instances is not None:
            classes = np.where(instances < 1000, instances, instances // 1000)
            share = np.mean(
                (classes != labels) & (labels != 255)
            )  # 255 is -1, which no instance file can hold
            if share > INSTANCE_TOLERANCE:
                path = frame.path("labels")
                sentence = f"contradicts {path} in {share:.0%} of the pixels: unpack both again."
                yield frame.problem("instances", "instances", sentence)
    if "disparity" in content and (sentence := _disparity_fault(content["disparity"])):
        yield frame.problem("disparity", "disparity", sentence)
        del content["disparity"]
    if {"left", "right"} <= content.keys():
        kind, sentence = _views_fault(content["left"], content["right"], content.get("disparity"))
        if kind:
            yield frame.problem(kind, "right", sentence.format(left=frame.path("left")))


def _is_blank(image: np.ndarray) -> bool:
    """Whether 99 % of the pixels have one color, as in an all-black frame with a few hot pixels."""
    sample = image[::8, ::8].reshape(-1, 3).astype(int)
    return bool(np.mean(np.abs(sample - np.median(sample, axis=0)).max(axis=1) <= 4) > 0.99)


def _camera_fault(camera: Camera, width: int) -> str | None:
    if not FOCAL_RANGE[0] <= camera.focal / width <= FOCAL_RANGE[1]:
        return (
            f"gives a focal length of {camera.focal:g} px, which no image of {width} px width has: give "
            "images of native size and their own calibration."
        )
    if not BASELINE_RANGE[0] <= camera.baseline <= BASELINE_RANGE[1]:
        return f"puts the cameras {camera.baseline:g} m apart, not 0.2 to 0.6 m: download it again."
    return None


def _disparity_fault(disparity: np.ndarray) -> str | None:
    measured = disparity[~np.isnan(disparity)]
    if not measured.size:
        return "holds no measurement: download it again."
    largest = float(measured.max())
    low, high = (share * disparity.shape[1] for share in DISPARITY_RANGE)
    if low <= largest <= high:
        return None
    return (
        f"has {largest:.1f} px as its largest disparity, where {low:.0f} to {high:.0f} px are plausible at "
        "its width: give the 16-bit file as it came with the data set."
    )


def _views_fault(left: np.ndarray, right: np.ndarray, disparity: np.ndarray | None) -> tuple[str, str]:
    if np.array_equal(left, right):
        return "identical views", "is {left} once more: unpack the right images again."
    ratio = None if disparity is None else compare_views(left, right, disparity)
    if ratio is None or ratio >= SAME_EXPOSURE:
        return "", ""
    if ratio < SWAPPED:
        return "swapped views", "and {left} are exchanged: give each the place of the other."
    return (
        "views do not fit",
        "is not of the same moment as {left}, or their disparity is not: unpack all three again.",
    )
