"""The page of ``reproduce all``: its results, their duration, and why some are missing."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from selfsup_segmentation.reproduce.formats import write_texts
from selfsup_segmentation.reproduce.formats.markdown import escape
from selfsup_segmentation.reproduce.report.render import render

TITLE = "Multi-task self-supervised learning boosts semantic segmentation: the reproduction"


@dataclasses.dataclass
class Part:
    """One part of the page.

    Attributes:
        heading: heading of its section.
        verb: command that makes it alone.
        paths: files that it wrote.
        seconds: duration; None before it was tried.
        reason: why it was not made, or None.
    """

    heading: str
    verb: str
    paths: list[Path] = dataclasses.field(default_factory=list)
    seconds: float | None = None
    reason: str | None = None

    @property
    def state(self) -> str:
        """Progress as a short phrase."""
        if self.reason:
            return f"not made: {escape(self.reason)}"
        return "not made yet" if self.seconds is None else f"{self.seconds:.0f} s"


def write_index(parts: Sequence[Part], folder: Path) -> list[Path]:
    """Write ``index.html`` and ``index.md`` beside the files of the parts."""

    def link(path):
        return Path(os.path.relpath(path, folder)).as_posix()

    content = {"title": TITLE, "parts": parts, "link": link}
    texts = {end: render(f"index.{end}.jinja", **content) for end in ("html", "md")}
    return write_texts(folder, "index", texts)
