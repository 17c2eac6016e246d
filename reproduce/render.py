"""A comparison as terminal text, Markdown, CSV or JSON.

Every format begins with the table's notes, shows ours, published, difference and gain for each cell, and
gives the reason for each cell that is empty.
"""

import csv
import io
import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from reproduce.comparison import Cell, Column, Row, Table

DASH = "—"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
DECIMALS = 3  # ours
PUBLISHED_DECIMALS = 2  # as printed in the paper

BEST_MARK = " (Best in the paper)"

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"  # ANSI codes

CSV_FIELDS = (
    *("group", "row", "init", "metric", "status", "ours", "std", "n"),
    *("published", "difference", "gain", "published_gain", "reason"),
)


def write_table(table: Table, folder: str | os.PathLike, stem: str) -> list[Path]:
    """Write ``stem.txt``, ``.md``, ``.csv`` and ``.json`` into a folder."""
    formats = {"txt": to_text, "md": to_markdown, "csv": to_csv, "json": to_json}
    return write_texts(folder, stem, {suffix: render(table) for suffix, render in formats.items()})


def write_texts(folder: str | os.PathLike, stem: str, texts: Mapping[str, str]) -> list[Path]:
    """Write texts by their suffix into a folder; a reader never sees half a file."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, text in texts.items():
        path = folder / f"{stem}.{suffix}"
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        written.append(path)
    return written


def to_json(table: Table) -> str:
    """The table's plain data; ``cells[row][init][metric]`` holds a cell."""
    return json.dumps(table.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(table: Table) -> str:
    """One line a cell under ``CSV_FIELDS``; notes and title before it as lines that begin with ``#``."""
    out = io.StringIO()
    out.writelines(f"# {_one_line(line)}\n" for line in (*table.notes, table.title))
    writer = csv.DictWriter(out, CSV_FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for group, row, init in _lines(table):
        for column in table.columns:
            cell = table.cell(row.name, init, column.metric)
            reason = _one_line(cell.reason or "")
            address = {"group": group, "row": row.name, "init": init, "metric": column.metric}
            writer.writerow({**cell.as_dict(), **address, "reason": reason})
    return out.getvalue()


def to_markdown(table: Table) -> str:
    """One GitHub table with a line for each row and initialization."""
    numbers = _reason_numbers(table)
    out = [f"> **{escape(note)}**\n>" for note in table.notes]
    out += ["", f"### {escape(table.title)}", ""]
    out.append(markdown_line(["", "init", *(_title(column) for column in table.columns)]))
    out.append(markdown_line(["---"] * (2 + len(table.columns))))
    previous_group = previous_row = None
    for group, row, init in _lines(table):
        if group != previous_group:
            out.append(markdown_line([f"**{group}**", ""] + [""] * len(table.columns)))
        cells = (table.cell(row.name, init, column.metric) for column in table.columns)
        label = "" if row is previous_row else row.label + BEST_MARK * row.best
        out.append(markdown_line([label, init, *(_markdown_cell(cell, numbers) for cell in cells)]))
        previous_group, previous_row = group, row
    marked = [f"{_superscript(number)} {reason}" for reason, number in numbers.items()]
    out += ["", *(f"- {escape(line)}" for line in (*marked, *_legend(table), *table.footnotes))]
    return "\n".join(out).strip("\n") + "\n"


def _markdown_cell(cell: Cell, numbers: dict[str, int]) -> str:
    lines = [_ours(cell, numbers)]
    if cell.published is not None:
        difference = "" if cell.difference is None else f" ({signed(cell.difference)})"
        lines.append(f"paper {cell.published:.{PUBLISHED_DECIMALS}f}{difference}")
    gain = _gain(cell)
    if cell.published_gain is not None:
        gain += f" (paper {signed(cell.published_gain, PUBLISHED_DECIMALS)})"
    if gain:
        lines.append(f"gain {gain.strip()}")
    return "<br>".join(lines)


def markdown_line(cells: Sequence[str]) -> str:
    """A line of a GitHub table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def to_text(table: Table, color: bool = False, width: int = 100) -> str:
    """Aligned text for a terminal: as many metrics side by side as fit, then the next ones below.

    Args:
        table: What to show.
        color: Add ANSI colors: a better gain green, a worse one red.
        width: Columns of the terminal. Notes are kept whole, so that they can be searched for.
    """
    numbers = _reason_numbers(table)
    out = [*(paint(_one_line(note), YELLOW, color) for note in table.notes), *[""] * bool(table.notes)]
    out.append(paint(table.title, BOLD, color))
    # A row with one initialization is one line; the others are a heading with a line for each.
    labels = {
        (row.name, init): f"   {init}" if len(row.inits) > 1 else f" {row.label}"
        for _, row, init in _lines(table)
    }
    indent = max(map(len, labels.values()))

    panels: list[list[_Block]] = []
    left = 0
    for block in (_Block(table, column, numbers) for column in table.columns):
        left -= 3 + block.width
        if not panels or left < 0:
            panels.append([])
            left = width - indent - 3 - block.width
        panels[-1].append(block)
    for blocks in panels:
        out += ["", *_panel(table, blocks, labels, indent, color)]

    out.append("")
    marked = [(_superscript(number), reason) for reason, number in numbers.items()]
    for mark, text in (*marked, *(("·", text) for text in (*_legend(table), *table.footnotes))):
        out += textwrap.wrap(
            _one_line(text),
            width,
            initial_indent=f"{mark:<3}",
            subsequent_indent="   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(out) + "\n"


class _Block:
    """One metric: a title, a heading and a line for each (row, init), all of the same width."""

    def __init__(self, table: Table, column: Column, numbers: dict[str, int]):
        self.task = column.task
        self.title = _title(column)
        self.fields = {"heading": ["ours", "paper", "diff", "gain", "(paper)"]}
        self.codes = {"heading": [DIM] * 5}
        for _, row, init in _lines(table):
            cell = table.cell(row.name, init, column.metric)
            self.fields[row.name, init] = _fields(cell, numbers)
            self.codes[row.name, init] = [BOLD, DIM, "", _verdict(cell.gain, column), DIM]
        _align_points([fields for fields in self.fields.values() if "." in fields[0]])
        self.widths = [max(map(len, fields)) for fields in zip(*self.fields.values(), strict=True)]
        self.width = sum(self.widths) + len(self.widths) - 1

    def line(self, key: object, color: bool) -> str:
        pads = (str.ljust, str.rjust, str.rjust, str.rjust, str.rjust)
        columns = zip(pads, self.fields[key], self.widths, self.codes[key], strict=True)
        return " ".join(paint(pad(text, width), code, color) for pad, text, width, code in columns)


def _panel(table: Table, blocks: list[_Block], labels: dict, indent: int, color: bool) -> list[str]:
    def line(label: str, key: object) -> str:
        return " │ ".join([label.ljust(indent), *(block.line(key, color) for block in blocks)]).rstrip()

    title = " │ ".join([" " * indent, *(paint(b.title.ljust(b.width), BOLD, color) for b in blocks)])
    out = [title.rstrip(), line("", "heading")]
    rule = "─┼─".join("─" * width for width in (indent, *(block.width for block in blocks)))
    previous_group = previous_row = None
    for group, row, init in _lines(table):
        if not any(block.task in row.tasks for block in blocks):
            continue
        if group != previous_group:
            out += [rule, paint(group, BOLD, color)]
        if len(row.inits) > 1 and row is not previous_row:
            out.append(f" {row.label}" + paint(BEST_MARK, BOLD, color) * row.best)
        out.append(line(labels[row.name, init], (row.name, init)))
        previous_group, previous_row = group, row
    return out


def _fields(cell: Cell, numbers: dict[str, int]) -> list[str]:
    """Ours, paper, difference, gain and the paper's gain in parentheses."""
    paper = "" if cell.published is None else f"{cell.published:.{PUBLISHED_DECIMALS}f}"
    difference = "" if cell.difference is None else signed(cell.difference)
    paper_gain = "" if cell.published_gain is None else f"({signed(cell.published_gain, PUBLISHED_DECIMALS)})"
    return [_ours(cell, numbers), paper, difference, _gain(cell), paper_gain]


def _align_points(rows: list[list[str]]) -> None:
    """Pad the first field of each row so that the decimal points stand below each other."""
    points = [fields[0].index(".") for fields in rows]
    for fields, point in zip(rows, points, strict=True):
        fields[0] = " " * (max(points) - point) + fields[0]


def _ours(cell: Cell, numbers: dict[str, int]) -> str:
    """Mean and spread, a dash with the number of its reason, or "n/a"."""
    if not cell.applies:
        return "n/a"
    mark = _superscript(numbers[cell.reason]) if cell.reason else ""
    if cell.mean is None:
        return DASH + mark
    spread = "" if cell.std is None else f"±{cell.std:.{DECIMALS}f}"
    return f"{cell.mean:.{DECIMALS}f}{spread}" + (f" {mark}" if mark else "")  # 0.6² would be a square


def _gain(cell: Cell) -> str:
    """The gain; a dash where only the baseline is missing; nothing where a gain has no meaning."""
    if cell.gain is not None:
        return signed(cell.gain)
    return DASH if cell.values and cell.baseline_row else ""


def _verdict(gain: float | None, column: Column) -> str:
    if not round(gain or 0, DECIMALS):
        return ""
    return GREEN if (gain < 0) == column.lower_is_better else RED


def _legend(table: Table) -> list[str]:
    seeds = sorted({cell.n for cell in table.cells if cell.values})
    lines = []
    if seeds and seeds[-1] > 1:
        count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        lines.append(f"ours: mean ± sample standard deviation of {count} seeds.")
    elif seeds:
        lines.append("ours: one seed.")
    return [
        *lines,
        "paper: as printed, to two decimals and without a spread. diff: ours − paper. gain: minus the "
        f"single-task row with the same initialization, {DASH} where that is not measured; the paper's gain "
        "in parentheses. ↑ higher is better, ↓ lower is better.",
    ]


def _title(column: Column) -> str:
    return f"{column.title} {'↓' if column.lower_is_better else '↑'}"


def _lines(table: Table) -> list[tuple[str, Row, str]]:
    """(group, row, init) of every line, in order."""
    return [(group.title, row, init) for group in table.groups for row in group.rows for init in row.inits]


def _reason_numbers(table: Table) -> dict[str, int]:
    """A number for each reason, in order of appearance; cells with the same reason share it."""
    reasons = dict.fromkeys(cell.reason for cell in table.cells if cell.reason)
    return {reason: number for number, reason in enumerate(reasons, start=1)}


def signed(value: float, decimals: int = DECIMALS) -> str:
    """A difference with its sign; a typographic minus, and no sign for zero."""
    text = f"{value:+.{decimals}f}"
    if not text.strip("+-0."):
        return text.replace("-", "+")  # a negative number that rounds to zero
    return text.replace("-", "−")


def _superscript(number: int) -> str:
    return str(number).translate(SUPERSCRIPTS)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def escape(text: str) -> str:
    """A text as one line that Markdown shows as it is."""
    return _one_line(text).replace("<", "&lt;")


def paint(text: str, code: str, color: bool) -> str:
    """A text in an ANSI color, where colors are wanted."""
    return f"\x1b[{code}m{text}\x1b[0m" if color and code and text.strip() else text
