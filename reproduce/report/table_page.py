"""The page of a table."""

from selfsup_segmentation.reproduce.formats.numbers import PUBLISHED_DECIMALS, signed
from selfsup_segmentation.reproduce.report.classes import class_scores
from selfsup_segmentation.reproduce.report.page import PageContext, render_numbers
from selfsup_segmentation.reproduce.tables import document
from selfsup_segmentation.reproduce.tables.comparison import Table


def to_html(table: Table, context: PageContext) -> str:
    """The page; raises as `reproduce.report.page.render_numbers`."""
    labels = {row.name: row.label for _, row, _ in document.table_lines(table)}
    return render_numbers(
        "table.html.jinja",
        context,
        list(dict.fromkeys(run for name, run in context.shown if name in labels)),
        table.title,
        table.notes,
        labels,
        class_scores(table, context.shown, context.store, context.readings),
        table=table,
        cells={(cell.row, cell.init, cell.metric): cell for cell in table.cells},
        numbers=document.comparison_document(table).reasons(),
        published=document.has_published(table),
        gains=any(map(document.gain_text, table.cells)),
        legend=document.legend(table),
        missing=missing(table),
        verdict=document.verdict,
        cell_text=document.cell_text,
        gain_text=document.gain_text,
        column_title=document.column_title,
        PUBLISHED_DECIMALS=PUBLISHED_DECIMALS,
        signed=signed,
    )


def missing(table: Table) -> list[tuple[str, list[str]]]:
    """(reason, rows) of all cells that are empty or have fewer seeds than were asked for."""
    rows: dict[str, list[str]] = {}
    labels = {row.name: row.label for _, row, _ in document.table_lines(table)}
    for cell in table.cells:
        if cell.reason:
            rows.setdefault(cell.reason, []).append(f"{labels[cell.row]}, {cell.init}")
    return [(reason, list(dict.fromkeys(names))) for reason, names in rows.items()]
