"""Verdicts on the claims, on the paper's numbers and on ours side by side."""

import json
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path

from selfsup_segmentation.reproduce.claims.verdicts import FAILS, HOLDS, OPEN, Verdict
from selfsup_segmentation.reproduce.formats.render import escape, markdown_line, write_texts
from selfsup_segmentation.reproduce.formats.terminal import GREEN, RED, YELLOW, paint

TITLE = "The claims of the paper's text"


def render(
    published: Sequence[Verdict],
    measured: Sequence[Verdict],
    notes: Sequence[str] = (),
    color: bool = False,
    width: int = 100,
) -> str:
    """Verdicts on the paper's numbers and on ours, side by side, for a terminal; notes come first."""
    codes = {HOLDS: GREEN, FAILS: RED, OPEN: YELLOW}
    answer = max(map(len, codes))
    left = width - 2 * (answer + 2)
    out = [*notes, *[""] * bool(notes), TITLE]
    out += ["", f"{'':{left}}  {'paper':{answer}}  ours"]
    quote = None
    for paper, ours in zip(published, measured, strict=True):
        claim = paper.claim
        if claim.quote != quote:
            quote = claim.quote
            out += ["", *textwrap.wrap(f"{claim.section}: “{quote}”", width)]
        answers = (paint(f"{v.answer:{answer}}", codes[v.answer], color) for v in (paper, ours))
        out.append("  ".join([f"  {claim.reading}".ljust(left), *answers]).rstrip())
        for name, verdict in (("paper", paper), ("ours", ours)):
            lead = f"    {name:6}"
            out += textwrap.wrap(lead + verdict.reason, width, subsequent_indent=" " * len(lead))
    return "\n".join(out) + "\n"


def to_markdown(published: Sequence[Verdict], measured: Sequence[Verdict], notes: Sequence[str] = ()) -> str:
    """One GitHub table with a line for each claim."""
    out = [*(f"> **{escape(note)}**\n>" for note in notes), "", f"### {TITLE}", ""]
    out += ["| claim | on the paper's numbers | on ours |", "| --- | --- | --- |"]
    quote = None
    for paper, ours in zip(published, measured, strict=True):
        if paper.claim.quote != quote:
            quote = paper.claim.quote
            out.append(markdown_line([f"**{paper.claim.section}**: “{quote}”", "", ""]))
        cells = (f"**{v.answer}**<br>{escape(v.reason)}" for v in (paper, ours))
        out.append(markdown_line([escape(paper.claim.reading), *cells]))
    return "\n".join(out).strip("\n") + "\n"


def to_json(published: Sequence[Verdict], measured: Sequence[Verdict], notes: Sequence[str] = ()) -> str:
    """``claims[i]`` with quote, reading, and verdict and reason of both sides."""
    claims = [
        {"section": p.claim.section, "quote": p.claim.quote, "reading": p.claim.reading}
        | {side: {"verdict": v.answer, "reason": v.reason} for side, v in (("published", p), ("ours", o))}
        for p, o in zip(published, measured, strict=True)
    ]
    data = {"notes": list(notes), "title": TITLE, "claims": claims}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write(
    published: Sequence[Verdict],
    measured: Sequence[Verdict],
    notes: Sequence[str],
    folder: str | os.PathLike,
    stem: str = "claims",
) -> list[Path]:
    """Write ``stem.txt``, ``.md`` and ``.json`` into a folder; a reader never sees half a file."""
    formats = {"txt": render, "md": to_markdown, "json": to_json}
    return write_texts(folder, stem, {end: show(published, measured, notes) for end, show in formats.items()})
