"""A document as GitHub Markdown."""

from collections.abc import Mapping, Sequence

from selfsup_segmentation.reproduce.formats.document import Document, Table
from selfsup_segmentation.reproduce.formats.numbers import one_line


def to_markdown(document: Document) -> str:
    """Notes as a quote, tables whose cells hold all fields of a column, and a list of footnotes."""
    out = [f"> **{escape(note)}**\n>" for note in document.notes]
    out += ["", f"### {escape(document.title)}"]
    for paragraph in document.text:
        out += ["", escape(paragraph)]
    for table in document.tables:
        out += ["", *_table(table, document.reasons())]
    out += ["", *(f"- {escape(f'{mark} {text}')}" for mark, text in document.below())]
    return "\n".join(out).strip("\n") + "\n"


def markdown_line(cells: Sequence[str]) -> str:
    """A line of a GitHub table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def escape(text: str) -> str:
    """A text as one line that Markdown shows as it is."""
    return one_line(text).replace("<", "&lt;")


def _table(table: Table, reasons: Mapping[str, int]) -> list[str]:
    headings = [*table.headings, *(column.title for column in table.columns)]
    out = [markdown_line(headings), markdown_line(["---"] * len(headings))]
    for _, line, new_group, new_row in table.walk(range(len(table.columns))):
        if new_group and line.group:
            out.append(markdown_line([f"**{escape(line.group)}**", *[""] * (len(headings) - 1)]))
        row = [line.row + line.mark, *line.details] if new_row else []
        labels = ["<br>".join(map(escape, row)), line.label][: len(table.headings)]
        pairs = zip(table.columns, line.cells, strict=True)
        cells = (_stacked(column.fields, cell.marked(reasons)) for column, cell in pairs)
        out.append(markdown_line([*labels, *cells]))
    return out


def _stacked(names: Sequence[str], texts: Sequence[str]) -> str:
    """All fields of a cell: ``0.630<br>paper 0.64<br>diff −0.010<br>gain +0.030 (+0.03)``."""
    lines: list[tuple[str, str]] = []
    for name, text in zip(names, map(escape, texts), strict=True):
        if name.startswith("("):
            name, before = lines.pop()
            text = f"{before} {text}".strip()
        lines.append((name, text))
    return "<br>".join([lines[0][1], *(f"{name} {text}" for name, text in lines[1:] if text)])
