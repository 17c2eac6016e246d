"""A comparison as aligned text for a terminal."""

import textwrap
from collections.abc import Sequence

from selfsup_segmentation.reproduce.formats.numbers import (
    BEST_MARK,
    PUBLISHED_DECIMALS,
    cell_text,
    column_title,
    gain_text,
    has_published,
    legend,
    one_line,
    reason_numbers,
    signed,
    superscript,
    table_lines,
    verdict,
)
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Column, Table

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"  # ANSI codes
_COLORS = {"better": GREEN, "worse": RED, "": ""}


def to_text(table: Table, color: bool = False, width: int = 100) -> str:
    """Aligned text: as many metrics side by side as fit, then the next ones below.

    Args:
        table: What to show.
        color: Add ANSI colors: a better gain green, a worse one red.
        width: Columns of the terminal. Notes are kept whole, so that they can be searched for.
    """
    names, numbers = _field_names(table), reason_numbers(table)
    out = [*(paint(one_line(note), YELLOW, color) for note in table.notes), *[""] * bool(table.notes)]
    out.append(paint(table.title, BOLD, color))
    # A row with one initialization is one line; the others are a heading with a line for each.
    labels = {
        (row.name, init): f"   {init}" if len(row.inits) > 1 else f" {row.label}"
        for _, row, init in table_lines(table)
    }
    indent = max(map(len, labels.values()))

    panels: list[list[_Block]] = []
    left = 0
    for block in (_Block(table, column, names, numbers) for column in table.columns):
        left -= 3 + block.width
        if not panels or left < 0:
            panels.append([])
            left = width - indent - 3 - block.width
        panels[-1].append(block)
    for blocks in panels:
        out += ["", *_panel(table, blocks, labels, indent, color)]

    out.append("")
    marked = [(superscript(number), reason) for reason, number in numbers.items()]
    for mark, text in (*marked, *(("·", text) for text in (*legend(table), *table.footnotes))):
        out += textwrap.wrap(
            one_line(text),
            width,
            initial_indent=f"{mark:<3}",
            subsequent_indent="   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(out) + "\n"


def paint(text: str, code: str, color: bool) -> str:
    """A text in an ANSI color, where colors are wanted."""
    return f"\x1b[{code}m{text}\x1b[0m" if color and code and text.strip() else text


class _Block:
    """One metric: a title, a heading and a line for each (row, init), all of the same width."""

    def __init__(self, table: Table, column: Column, names: Sequence[str], numbers: dict[str, int]):
        self.task = column.task
        self.title = column_title(column)
        self.fields = {"heading": list(names)}
        self.codes = {"heading": [DIM] * len(names)}
        for _, row, init in table_lines(table):
            cell = table.cell(row.name, init, column.metric)
            fields = _fields(cell, numbers)
            codes = {"ours": BOLD, "diff": "", "gain": _COLORS[verdict(cell, column)]}
            self.fields[row.name, init] = [fields[name] for name in names]
            self.codes[row.name, init] = [codes.get(name, DIM) for name in names]
        _align_points([fields for fields in self.fields.values() if "." in fields[0]])
        self.widths = [max(map(len, fields)) for fields in zip(*self.fields.values(), strict=True)]
        self.filled = sum(self.widths) + len(self.widths) - 1
        self.width = max(self.filled, len(self.title))

    def line(self, key: object, color: bool) -> str:
        pads = (str.ljust, *[str.rjust] * (len(self.widths) - 1))
        columns = zip(pads, self.fields[key], self.widths, self.codes[key], strict=True)
        line = " ".join(paint(pad(text, width), code, color) for pad, text, width, code in columns)
        return line + " " * (self.width - self.filled)


def _panel(table: Table, blocks: list[_Block], labels: dict, indent: int, color: bool) -> list[str]:
    def line(label: str, key: object) -> str:
        return " │ ".join([label.ljust(indent), *(block.line(key, color) for block in blocks)]).rstrip()

    title = " │ ".join([" " * indent, *(paint(b.title.ljust(b.width), BOLD, color) for b in blocks)])
    out = [title.rstrip(), line("", "heading")]
    rule = "─┼─".join("─" * width for width in (indent, *(block.width for block in blocks)))
    previous_group = previous_row = None
    for group, row, init in table_lines(table):
        if not any(block.task in row.tasks for block in blocks):
            continue
        if group != previous_group:
            out += [rule, paint(group, BOLD, color)]
        if len(row.inits) > 1 and row is not previous_row:
            out.append(f" {row.label}" + paint(BEST_MARK, BOLD, color) * row.best)
        out.append(line(labels[row.name, init], (row.name, init)))
        previous_group, previous_row = group, row
    return out


def _field_names(table: Table) -> tuple[str, ...]:
    """Headings of the fields of a cell; without published numbers, only of those that hold something."""
    if has_published(table):
        return ("ours", "paper", "diff", "gain", "(paper)")
    return ("ours", "gain") if any(map(gain_text, table.cells)) else ("ours",)


def _fields(cell: Cell, numbers: dict[str, int]) -> dict[str, str]:
    """The fields of a cell by their headings; "(paper)" is the paper's gain."""
    return {
        "ours": cell_text(cell, numbers),
        "paper": "" if cell.published is None else f"{cell.published:.{PUBLISHED_DECIMALS}f}",
        "diff": "" if cell.difference is None else signed(cell.difference),
        "gain": gain_text(cell),
        "(paper)": ""
        if cell.published_gain is None
        else f"({signed(cell.published_gain, PUBLISHED_DECIMALS)})",
    }


def _align_points(rows: list[list[str]]) -> None:
    """Pad the first field of each row so that the decimal points stand below each other."""
    points = [fields[0].index(".") for fields in rows]
    for fields, point in zip(rows, points, strict=True):
        fields[0] = " " * (max(points) - point) + fields[0]
