"""A document as aligned text for a terminal."""

import re
import textwrap
from collections.abc import Mapping, Sequence

from selfsup_segmentation.reproduce.formats.document import Cell, Column, Document, Table
from selfsup_segmentation.reproduce.formats.numbers import one_line

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"  # ANSI codes
_CODES = {"strong": BOLD, "soft": DIM, "good": GREEN, "bad": RED, "open": YELLOW, "": ""}


def to_text(document: Document, color: bool = False, width: int = 100) -> str:
    """Aligned text: as many columns side by side as fit, then the next ones below.

    Args:
        document: What to show.
        color: Add ANSI colors.
        width: Of the terminal, in characters. Notes are kept on one line, so that they can be searched for.
    """
    notes = [paint(one_line(note), YELLOW, color) for note in document.notes]
    out = [*notes, *[""] * bool(notes), paint(document.title, BOLD, color)]
    for paragraph in document.text:
        out += ["", *_wrap(paragraph, width)]
    for table in document.tables:
        out += _table(table, document.reasons(), color, width)
    out.append("")
    for mark, text in document.below():
        out += _wrap(text, width, f"{mark or '·':<3}", "   ")
    return "\n".join(out).rstrip("\n") + "\n"


def paint(text: str, code: str, color: bool) -> str:
    """A text in an ANSI color, where colors are wanted."""
    return f"\x1b[{code}m{text}\x1b[0m" if color and code and text.strip() else text


def _wrap(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    return textwrap.wrap(
        one_line(text),
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(table: Table, reasons: Mapping[str, int], color: bool, width: int) -> list[str]:
    labels = [f" {line.row}" if line.alone else f"   {line.label}" for line in table.lines]
    indent = max(map(len, (table.headings[0], *labels)))
    blocks = [
        _Block(column, [line.cells[index] for line in table.lines], reasons)
        for index, column in enumerate(table.columns)
    ]
    out = []
    for columns in table.panels([3 + block.width for block in blocks], width - indent):
        chosen = [blocks[column] for column in columns]
        titles = (paint(block.title.ljust(block.width), BOLD, color) for block in chosen)
        out += ["", " │ ".join([table.headings[0].ljust(indent), *titles]).rstrip()]
        if any(heading for block in chosen for heading in block.texts[0]):
            out.append(" │ ".join([" " * indent, *(block.line(0, color) for block in chosen)]).rstrip())
        rule = "─┼─".join("─" * size for size in (indent, *(block.width for block in chosen)))
        for index, line, new_group, new_row in table.walk(columns):
            if new_group:
                out += [rule, *(paint(text, BOLD, color) for text in _wrap(line.group, width))]
            if new_row and not line.alone:
                out.append(f" {line.row}" + paint(line.mark, BOLD, color))
            cells = (block.line(1 + index, color) for block in chosen)
            out.append(" │ ".join([labels[index].ljust(indent), *cells]).rstrip())
            for detail in line.details:
                out += _wrap(detail, width, "     ", "       ")
    return out


class _Block:
    """One column: a title, a heading and a line of texts for each cell, all of the same width."""

    def __init__(self, column: Column, cells: Sequence[Cell], reasons: Mapping[str, int]):
        self.title = column.title
        texts = [cell.marked(reasons) for cell in cells]
        _align_points(texts)
        self.texts = [list(column.fields), *texts]
        self.codes = [[DIM] * len(column.fields)] + [[_CODES[tone] for tone in cell.tones] for cell in cells]
        self.widths = [max(map(len, fields)) for fields in zip(*self.texts, strict=True)]
        self.filled = sum(self.widths) + len(self.widths) - 1
        self.width = max(self.filled, len(self.title))

    def line(self, number: int, color: bool) -> str:
        """The heading (0), or the texts of a cell (from 1)."""
        pads = (str.ljust, *[str.rjust] * (len(self.widths) - 1))
        fields = zip(pads, self.texts[number], self.widths, self.codes[number], strict=True)
        text = " ".join(paint(pad(text, width), code, color) for pad, text, width, code in fields)
        return text + " " * (self.width - self.filled)


def _align_points(rows: list[list[str]]) -> None:
    """Pad the first field of each row so that the decimal points of numbers stand below each other."""
    digits = [re.match(r"[\d,]*", fields[0]).end() for fields in rows]
    for fields, count in zip(rows, digits, strict=True):
        fields[0] = " " * ((max(digits) - count) * bool(count)) + fields[0]
