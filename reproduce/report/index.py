"""The page of ``reproduce all``: what was made, how long it took, and why something is missing."""

import dataclasses
import datetime
import html
import os
from collections.abc import Sequence
from pathlib import Path

from selfsup_segmentation.reproduce.formats.render import escape, write_texts

TITLE = "Multi-task self-supervised learning boosts semantic segmentation: the reproduction"

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
pre { font-size: 12px; line-height: 1.35; overflow-x: auto; padding: .75rem; border: 1px solid #8884; }
img { max-width: 100%; height: auto; background: #fff; }
nav li span { opacity: .7; }
.missing { border-left: .3rem solid #c60; padding-left: .75rem; }
@media print { pre { white-space: pre-wrap; font-size: 8px; } }
"""


@dataclasses.dataclass
class Part:
    """One part of everything.

    Attributes:
        heading: of its section.
        verb: that makes it alone.
        paths: of the files that it wrote.
        seconds: that it took; None while it was not tried.
        reason: why it was not made, or None.
    """

    heading: str
    verb: str
    paths: list[Path] = dataclasses.field(default_factory=list)
    seconds: float | None = None
    reason: str | None = None

    @property
    def state(self):
        """A few words on how far it is."""
        if self.reason:
            return "not made"
        return "not yet" if self.seconds is None else f"{self.seconds:.0f} s"


def write_index(parts: Sequence[Part], folder: Path) -> list[Path]:
    """Write ``index.html`` and ``index.md`` beside the files of the parts."""
    folder = Path(folder)
    now = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    texts = {"html": _to_html(parts, folder, now), "md": _to_markdown(parts, folder, now)}
    return write_texts(folder, "index", texts)


def _to_html(parts, folder, now):
    entries = "".join(
        f'<li><a href="#part{n}">{html.escape(part.heading)}</a> <span>({part.state})</span></li>'
        for n, part in enumerate(parts)
    )
    sections = "".join(_section(n, part, folder) for n, part in enumerate(parts))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{TITLE}</h1><p>Written {now}.</p>"
        f"<nav><ul>{entries}</ul></nav>{sections}</body></html>\n"
    )


def _section(number, part, folder):
    out = [f'<section id="part{number}"><h2>{html.escape(part.heading)}</h2>']
    if part.reason:
        out.append(f'<p class="missing">Not made: {html.escape(part.reason)}</p>')
    elif part.seconds is None:
        out.append('<p class="missing">Not made yet.</p>')
    for path in part.paths:
        link = html.escape(_relative(path, folder))
        if path.suffix == ".txt":
            out.append(f"<pre>{html.escape(path.read_text(encoding='utf-8'))}</pre>")
        elif path.suffix == ".html":
            out.append(f'<p><a href="{link}">With curves, classes and pictures, on a page of its own</a></p>')
        elif path.suffix == ".png":
            out.append(f'<p><a href="{link}"><img src="{link}" alt="{html.escape(path.stem)}"></a></p>')
    links = (_relative(path, folder) for path in part.paths)
    files = " · ".join(f'<a href="{html.escape(link)}">{html.escape(link)}</a>' for link in links)
    out.append(f"<p>{files}</p><p>By itself: <code>reproduce {part.verb}</code></p></section>")
    return "".join(out)


def _to_markdown(parts, folder, now):
    out = [
        f"# {TITLE}",
        "",
        f"Written {now}.",
        "",
        "| part | by itself | state | files |",
        "|---|---|---|---|",
    ]
    for part in parts:
        files = ", ".join(f"[{link}]({link})" for link in (_relative(path, folder) for path in part.paths))
        state = f"not made: {escape(part.reason)}" if part.reason else part.state
        out.append(f"| {part.heading} | `reproduce {part.verb}` | {state} | {files} |")
    return "\n".join(out) + "\n"


def _relative(path, folder):
    return Path(os.path.relpath(path, folder)).as_posix()
