"""A document as aligned text for a terminal."""

import re
import textwrap
from collections.abc import Mapping, Sequence

from selfsup_segmentation.reproduce.formats.document import Cell, Column, Document, Table
from selfsup_segmentation.reproduce.formats.numbers import one_line

WIDTH = 100  # characters, of files and of larger terminals
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"  # ANSI codes
_CODES = {"strong": BOLD, "soft": DIM, "good": GREEN, "bad": RED, "open": YELLOW, "": ""}


def to_text(document: Document, color: bool = False, width: int = WIDTH) -> str:
    """Aligned text: as many columns side by side as fit, then the next ones below.

    Args:
        document: Document.
        color: Add ANSI colors.
        width: Width in characters. At `WIDTH` notes stay on one line, so that they can be searched for.
    """
    notes = [one_line(note) for note in document.notes]
    if width < WIDTH:
        notes = [line for note in notes for line in _wrap(note, width)]
    out = [paint(note, YELLOW, color) for note in notes] + [""] * bool(notes)
    out += [paint(line, BOLD, color) for line in _wrap(document.title, width)]
    for paragraph in document.text:
        out += ["", *_wrap(paragraph, width)]
    for table in document.tables:
        out += _table(table, document.reasons(), color, width)
    out.append("")
    for mark, text in document.below():
        out += _wrap(text, width, f"{mark or '·':<3}", "   ")
    return "\n".join(out).rstrip("\n") + "\n"


def paint(text: str, code: str, color: bool) -> str:
    """A text in an ANSI color, if colors are requested."""
    return f"\x1b[{code}m{text}\x1b[0m" if color and code and text.strip() else text


def _wrap(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    indents = {"initial_indent": first, "subsequent_indent": others}
    return textwrap.wrap(one_line(text), width, **indents, break_long_words=False, break_on_hyphens=False)


def _table(table: Table, reasons: Mapping[str, int], color: bool, width: int) -> list[str]:
    labels = [f" {line.row}" if line.alone else f"   {line.label}" for line in table.lines]
    indent = max(map(len, (table.headings[0], *labels)))
    blocks = [
        _block(column, [line.cells[index] for line in table.lines], reasons, color)
        for index, column in enumerate(table.columns)
    ]
    out = []
    for columns in table.panels([3 + width for width, _ in blocks], width - indent):
        widths, columns_of_lines = zip(*(blocks[column] for column in columns), strict=True)
        titles, headings, *lines = zip(*columns_of_lines, strict=True)
        out += ["", " │ ".join([table.headings[0].ljust(indent), *titles]).rstrip()]
        if any(any(table.columns[column].fields) for column in columns):
            out.append(" │ ".join([" " * indent, *headings]).rstrip())
        rule = "─┼─".join("─" * size for size in (indent, *widths))
        for index, line, new_group, new_row in table.walk(columns):
            if new_group:
                out += [rule, *(paint(text, BOLD, color) for text in _wrap(line.group, width))]
            if new_row and not line.alone:
                out.append(f" {line.row}" + paint(line.mark, BOLD, color))
            out.append(" │ ".join([labels[index].ljust(indent), *lines[index]]).rstrip())
            for detail in line.details:
                out += _wrap(detail, width, "     ", "       ")
    return out


def _block(
    column: Column, cells: Sequence[Cell], reasons: Mapping[str, int], color: bool
) -> tuple[int, list[str]]:
    """Width of a column, and its title, headings and cells as texts of this width."""
    texts = [cell.marked(reasons) for cell in cells]
    _align_points(texts)
    texts.insert(0, list(column.fields))
    codes = [[DIM] * len(column.fields), *([_CODES[tone] for tone in cell.tones] for cell in cells)]
    widths = [max(map(len, fields)) for fields in zip(*texts, strict=True)]
    filled = sum(widths) + len(widths) - 1
    width = max(filled, len(column.title))
    pads = (str.ljust, *[str.rjust] * (len(widths) - 1))
    lines = [paint(column.title.ljust(width), BOLD, color)]
    for fields in zip(texts, codes, strict=True):
        painted = (paint(pad(t, w), c, color) for pad, w, t, c in zip(pads, widths, *fields, strict=True))
        lines.append(" ".join(painted) + " " * (width - filled))
    return width, lines


def _align_points(rows: list[list[str]]) -> None:
    """Pad the first field of each row so that the decimal points of numbers stand below each other."""
    digits = [re.match(r"[\d,]*", fields[0]).end() for fields in rows]
    for fields, count in zip(rows, digits, strict=True):
        fields[0] = " " * ((max(digits) - count) * bool(count)) + fields[0]
