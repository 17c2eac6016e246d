"""The files of one frame, and what may be wrong with them."""

from dataclasses import dataclass, field
from pathlib import Path

from selfsup_segmentation.data.files import KINDS as FILE_KINDS

KINDS = (
    *FILE_KINDS,
    *("size", "blank", "instances", "disparity", "identical views", "swapped views", "views do not fit"),
    "copies differ",
)
"""In the order of reports; the first ones are those of `data.files.FileError`."""


@dataclass(frozen=True)
class FrameFiles:
    """Files of one frame that are checked together.

    Attributes:
        layout: ``cityscapes`` or ``kitti``.
        root: folder of the data set.
        split: ``train``, …
        name: of the frame.
        files: part (an attribute of `data.frames.Frame`) -> path below ``root``. KITTI's ``copy`` is the left
            image that came with the labels.
    """

    layout: str
    root: Path
    split: str
    name: str
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one file.

    Attributes:
        kind: one of `KINDS`.
        split, part: to which of the data set's parts the file belongs.
        file: its path below the data set's folder.
        text: one sentence that names the file and says how to mend it.
    """

    kind: str
    split: str
    part: str
    file: str
    text: str


@dataclass(frozen=True)
class FrameResult:
    """What the check of a frame found.

    Attributes:
        size: (width, height) of its images; None if the left one cannot be read.
        problems: in the order of the frame's parts.
    """

    size: tuple[int, int] | None
    problems: list[Problem]


class Findings:
    """Problems of one frame, as they are found."""

    def __init__(self, frame: FrameFiles):
        self.frame = frame
        self.problems: list[Problem] = []

    def path(self, part: str) -> Path:
        """Where a part is."""
        return self.frame.root / self.frame.files[part]

    def add(self, kind: str, part: str, sentence: str) -> None:
        """A sentence goes on after the path of the file."""
        self.add_text(kind, part, f"{self.path(part)} {sentence}")

    def add_text(self, kind: str, part: str, text: str) -> None:
        """Add a whole sentence."""
        self.problems.append(Problem(kind, self.frame.split, part, self.frame.files[part], text))
