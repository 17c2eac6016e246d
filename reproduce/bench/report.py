"""What was measured, as terminal text and as Markdown; both from the plain data of ``bench.json``."""

import textwrap
from collections.abc import Mapping
from typing import Any

from selfsup_segmentation.reproduce.formats.render import escape, markdown_line
from selfsup_segmentation.reproduce.formats.terminal import BOLD, GREEN, RED, YELLOW, paint

HEADING = ["", "min", "median", "max", "unit"]
QUICK = "QUICK: tiny amounts, to see that it works; the numbers say nothing."


def to_text(name: str, found: Mapping[str, Any], color: bool = False, width: int = 100) -> str:
    """A comparison for a terminal.

    Args:
        name: of the comparison.
        found: its part of ``bench.json``.
        color: add ANSI colors: what is met green, what is missed red.
        width: columns, for the text around the numbers.
    """
    out = [paint(f"{name}: {found['title']}", BOLD, color), *textwrap.wrap(found["compared"], width), ""]
    rows = [HEADING, *_rows(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for label, *cells in rows:
        numbers = (cell.rjust(size) for cell, size in zip(cells[:3], widths[1:4], strict=True))
        out.append("  ".join([label.ljust(widths[0]), *numbers, cells[3]]).rstrip())
    out += [""] + [line for fact in _facts(found) for line in _bullet(fact, width)]
    out += [paint(line, YELLOW, color) for line in _remarks(found)]
    out += [
        paint(bar_sentence(bar), GREEN if bar["met"] else RED, color) for bar in found.get("bars", ())
    ] or ["nothing is asked"] * ("failed" not in found)
    return "\n".join(out) + "\n"


def to_markdown(result: Mapping[str, Any]) -> str:
    """All comparisons: what was asked first, then the numbers of each."""
    out = ["# Side by side", "", escape(head(result)), ""]
    if result["quick"]:
        out += [f"> **{QUICK}**", ""]
    out += [markdown_line(["", "", "measured", "asked", ""]), markdown_line(["---"] * 5)]
    for name, found in result["comparisons"].items():
        for bar in found.get("bars", ()):
            cells = [escape(bar["what"]), _value(bar, "value"), f"{bar['asked']} {_value(bar, 'limit')}"]
            out.append(markdown_line([name, *cells, f"**{bar['verdict']}**"]))
        out += [markdown_line([name, escape(line), "", "", ""]) for line in _remarks(found)]
    for name, found in result["comparisons"].items():
        out += ["", f"## {name}: {escape(found['title'])}", "", escape(found["compared"]), ""]
        out += [markdown_line(HEADING), markdown_line(["---", "---:", "---:", "---:", "---"])]
        out += [markdown_line([escape(cell) for cell in row]) for row in _rows(found)]
        out += ["", *(f"- {escape(line)}" for line in (*_facts(found), *_remarks(found)))]
    return "\n".join(out).rstrip("\n") + "\n"


def head(result: Mapping[str, Any]) -> str:
    """Machine, versions and settings, in a line."""
    machine, (width, height) = result["machine"], result["size"]
    versions = [f"{name} {number}" for name, number in result["versions"].items() if number]
    return (
        f"{machine['gpu'] or 'no GPU'}; {machine['cpu']}, {machine['cores']} cores, {machine['ram_gib']} GiB "
        f"RAM; {', '.join(versions)}; {width}×{height}, batch {result['batch']}, {result['repeat']} rounds "
        f"in turns; {result['date']}"
    )


def bar_sentence(bar: Mapping[str, Any]) -> str:
    """What was asked, what was measured, and whether that is met."""
    asked = f"{bar['asked']} {_value(bar, 'limit')}"
    return f"{bar['what']}: {_value(bar, 'value')}, asked {asked}: {bar['verdict']}"


def _rows(found):
    rows = [*found.get("measured", {}).values(), *found.get("ratios", ())]
    return [[row["what"], *(_number(row[key]) for key in HEADING[1:4]), row["unit"]] for row in rows]


def _facts(found):
    """Each fact as a line of text."""
    return [f"{name}: {_plain(value)}" for name, value in found.get("facts", {}).items() if value != {}]


def _remarks(found):
    lines = [f"{name} was not measured: {reason}" for name, reason in found.get("skipped", {}).items()]
    return lines + ([f"failed: {found['failed']}"] if "failed" in found else [])


def _plain(value):
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "×".join(map(_plain, value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _number(value) if is_number else str(value)


def _value(bar, key):
    return f"{_number(bar[key])} {bar['unit']}".rstrip()


def _number(value):
    """Four digits that count; whole numbers as they are."""
    if isinstance(value, int) or abs(value) >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _bullet(text, width):
    return textwrap.wrap(text, width, initial_indent="·  ", subsequent_indent="   ")
