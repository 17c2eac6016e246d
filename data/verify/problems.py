"""Files of one frame, and their problems."""

from dataclasses import dataclass, field
from pathlib import Path

from selfsup_segmentation.data.files import KINDS as FILE_KINDS
from selfsup_segmentation.data.layout import Layout

KINDS = (
    *FILE_KINDS,
    *("size", "blank", "instances", "disparity", "identical views", "swapped views", "views do not fit"),
    "copies differ",
)
"""Kinds of problems in the order of reports; the first ones are the kinds of `data.files.FileError`."""


@dataclass(frozen=True)
class FrameFiles:
    """Files of one frame that are checked together.

    Attributes:
        layout: layout of the data set.
        root: folder of the data set.
        split: name of the split, ``train``, …
        name: name of the frame.
        files: part (an attribute of `data.frames.Frame`) → path below ``root``. KITTI's ``copy`` is the left
            image that came with the labels.
    """

    layout: Layout
    root: Path
    split: str
    name: str
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A problem of one file.

    Attributes:
        kind: one of `KINDS`.
        split: name of the file's split.
        part: name of the file's part.
        file: path below the data set's folder.
        text: one sentence that names the file and the fix.
    """

    kind: str
    split: str
    part: str
    file: str
    text: str


@dataclass(frozen=True)
class FrameResult:
    """Result of the check of a frame.

    Attributes:
        size: (width, height) of the images, px; None if the left image cannot be read.
        problems: problems in the order of the frame's parts.
    """

    size: tuple[int, int] | None
    problems: list[Problem]


class Findings:
    """Collects the problems of one frame."""

    def __init__(self, frame: FrameFiles):
        self.frame = frame
        self.problems: list[Problem] = []

    def path(self, part: str) -> Path:
        """Path of the file of a part."""
        return self.frame.root / self.frame.files[part]

    def add(self, kind: str, part: str, sentence: str) -> None:
        """Add a problem; the sentence follows the path of the file."""
        self.add_text(kind, part, f"{self.path(part)} {sentence}")

    def add_text(self, kind: str, part: str, text: str) -> None:
        """Add a problem whose sentence is complete."""
        self.problems.append(Problem(kind, self.frame.split, part, self.frame.files[part], text))
