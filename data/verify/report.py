"""Files of one frame, their problems, and the report on a data set."""

from dataclasses import asdict, dataclass, field
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
    files: dict[str, str]

    def path(self, part: str) -> Path:
        """Path of the file of a part."""
        return self.root / self.files[part]

    def problem(self, kind: str, part: str, sentence: str) -> Problem:
        """A problem of a part; the sentence follows the path of the file."""
        return Problem(kind, self.split, part, self.files[part], f"{self.path(part)} {sentence}")


@dataclass(frozen=True)
class FrameResult:
    """Result of the check of a frame.

    Attributes:
        size: (width, height) of the images, px; None if the left image cannot be read.
        problems: problems in the order of the frame's parts.
    """

    size: tuple[int, int] | None
    problems: list[Problem]


@dataclass
class SplitReport:
    """One split of a report.

    Attributes:
        name: name of the split: ``train``, …; ``training`` for all frames of KITTI.
        found: number of left images.
        official: number of left images in the complete data set; None for embedded scenes.
        files: part → number of files that were checked.
        problems: part → number of problems in it; parts without problems are omitted.
    """

    name: str
    found: int
    official: int | None
    files: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)


@dataclass
class Report:
    """Result of checking a data set.

    Attributes:
        layout: name of the layout.
        root: folder of the data set.
        splits: splits that exist.
        problems: problems sorted by kind in the order of `KINDS`, then by split and frame.
        remarks: sentences on absent or excluded files that are no problem.
        checked: number of frames that were read.
        remembered: number of frames whose result came from an earlier check.
    """

    layout: str
    root: str
    splits: list[SplitReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    checked: int = 0
    remembered: int = 0

    @property
    def is_valid(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def to_dict(self) -> dict:
        """Plain data for JSON."""
        return {"whole": self.is_valid, **asdict(self)}
