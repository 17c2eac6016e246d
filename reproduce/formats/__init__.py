"""One document and its writers: terminal text, Markdown, CSV, LaTeX and JSON."""

from selfsup_segmentation.reproduce.formats.document import Cell, Column, Document, Line, Table
from selfsup_segmentation.reproduce.formats.latex import to_latex
from selfsup_segmentation.reproduce.formats.markdown import to_markdown
from selfsup_segmentation.reproduce.formats.terminal import WIDTH, to_text
from selfsup_segmentation.reproduce.formats.writers import to_csv, to_json, write, write_texts

__all__ = [
    "WIDTH", "Cell", "Column", "Document", "Line", "Table",
    "to_csv", "to_json", "to_latex", "to_markdown", "to_text", "write", "write_texts",
]  # fmt: skip
