"""A document as CSV and JSON, and all formats as files."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from selfsup_segmentation.experiments.records.json_files import write_text
from selfsup_segmentation.reproduce.formats.document import Document
from selfsup_segmentation.reproduce.formats.latex import to_latex
from selfsup_segmentation.reproduce.formats.markdown import to_markdown
from selfsup_segmentation.reproduce.formats.numbers import one_line
from selfsup_segmentation.reproduce.formats.terminal import to_text


def write(document: Document, folder: str | os.PathLike, stem: str) -> list[Path]:
    """Write ``stem.txt``, ``.md``, ``.csv``, ``.tex`` and ``.json`` into a folder; return their paths."""
    formats = {"txt": to_text, "md": to_markdown, "csv": to_csv, "tex": to_latex, "json": to_json}
    return write_texts(folder, stem, {suffix: render(document) for suffix, render in formats.items()})


def write_texts(folder: str | os.PathLike, stem: str, texts: Mapping[str, str]) -> list[Path]:
    """Write texts by their suffix into a folder, each atomically; return their paths."""
    paths = [Path(folder) / f"{stem}.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_text(path, text)
    return paths


def to_json(document: Document) -> str:
    """Notes, title and the document's data."""
    data = {"notes": list(document.notes), "title": document.title, **document.data}
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(document: Document) -> str:
    """The document's records, after its notes and title as comments."""
    return csv_text((*document.notes, document.title), document.records)


def csv_text(comments: Sequence[str], records: Sequence[Mapping[str, object]]) -> str:
    """Records as CSV, one a line, after comments in lines that begin with ``#``."""
    out = io.StringIO()
    out.writelines(f"# {one_line(comment)}\n" for comment in comments)
    keys = list(dict.fromkeys(key for record in records for key in record))
    writer = csv.DictWriter(out, keys, lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({key: one_line(v) if isinstance(v, str) else v for key, v in record.items()})
    return out.getvalue()
