"""A comparison as terminal text, Markdown, CSV or JSON.

Every format begins with the table's notes, shows ours, published, difference and gain for each cell, and
gives the reason for each cell that is empty. For people, fields that a table does not have are left out.
"""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from selfsup_segmentation.experiments.records.json_files import write_text
from selfsup_segmentation.reproduce.formats.numbers import (
    BEST_MARK,
    PUBLISHED_DECIMALS,
    cell_text,
    column_title,
    gain_text,
    legend,
    one_line,
    reason_numbers,
    signed,
    superscript,
    table_lines,
)
from selfsup_segmentation.reproduce.formats.terminal import to_text
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Table

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
    written = []
    for suffix, text in texts.items():
        path = folder / f"{stem}.{suffix}"
        write_text(path, text)
        written.append(path)
    return written


def to_json(table: Table) -> str:
    """The table's plain data; ``cells[row][init][metric]`` holds a cell."""
    return json.dumps(table.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(table: Table) -> str:
    """One line a cell under ``CSV_FIELDS``; notes and title before it as lines that begin with ``#``."""
    out = io.StringIO()
    out.writelines(f"# {one_line(line)}\n" for line in (*table.notes, table.title))
    writer = csv.DictWriter(out, CSV_FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for group, row, init in table_lines(table):
        for column in table.columns:
            cell = table.cell(row.name, init, column.metric)
            reason = one_line(cell.reason or "")
            address = {"group": group, "row": row.name, "init": init, "metric": column.metric}
            writer.writerow({**cell.as_dict(), **address, "reason": reason})
    return out.getvalue()


def to_markdown(table: Table) -> str:
    """One GitHub table with a line for each row and initialization."""
    numbers = reason_numbers(table)
    out = [f"> **{escape(note)}**\n>" for note in table.notes]
    out += ["", f"### {escape(table.title)}", ""]
    out.append(markdown_line(["", "init", *(column_title(column) for column in table.columns)]))
    out.append(markdown_line(["---"] * (2 + len(table.columns))))
    previous_group = previous_row = None
    for group, row, init in table_lines(table):
        if group != previous_group:
            out.append(markdown_line([f"**{group}**", ""] + [""] * len(table.columns)))
        cells = (table.cell(row.name, init, column.metric) for column in table.columns)
        label = "" if row is previous_row else row.label + BEST_MARK * row.best
        out.append(markdown_line([label, init, *(_markdown_cell(cell, numbers) for cell in cells)]))
        previous_group, previous_row = group, row
    marked = [f"{superscript(number)} {reason}" for reason, number in numbers.items()]
    out += ["", *(f"- {escape(line)}" for line in (*marked, *legend(table), *table.footnotes))]
    return "\n".join(out).strip("\n") + "\n"


def _markdown_cell(cell: Cell, numbers: dict[str, int]) -> str:
    lines = [cell_text(cell, numbers)]
    if cell.published is not None:
        difference = "" if cell.difference is None else f" ({signed(cell.difference)})"
        lines.append(f"paper {cell.published:.{PUBLISHED_DECIMALS}f}{difference}")
    gain = gain_text(cell)
    if cell.published_gain is not None:
        gain += f" (paper {signed(cell.published_gain, PUBLISHED_DECIMALS)})"
    if gain:
        lines.append(f"gain {gain.strip()}")
    return "<br>".join(lines)


def markdown_line(cells: Sequence[str]) -> str:
    """A line of a GitHub table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def escape(text: str) -> str:
    """A text as one line that Markdown shows as it is."""
    return one_line(text).replace("<", "&lt;")
