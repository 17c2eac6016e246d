"""The page of a table."""

from selfsup_segmentation.reproduce.formats import numbers
from selfsup_segmentation.reproduce.report.classes import class_scores
from selfsup_segmentation.reproduce.report.page import PageContext, render_numbers
from selfsup_segmentation.reproduce.tables.comparison import Table


def to_html(table: Table, context: PageContext) -> str:
    """The page; raises as `reproduce.report.page.render_numbers`."""
    labels = {row.name: row.label for _, row, _ in numbers.table_lines(table)}
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
        numbers=numbers.reason_numbers(table),
        published=numbers.has_published(table),
        gains=any(map(numbers.gain_text, table.cells)),
        legend=numbers.legend(table),
        missing=missing(table),
        verdict=numbers.verdict,
        cell_text=numbers.cell_text,
        gain_text=numbers.gain_text,
        column_title=numbers.column_title,
        PUBLISHED_DECIMALS=numbers.PUBLISHED_DECIMALS,
        DASH=numbers.DASH,
        signed=numbers.signed,
    )


def missing(table: Table) -> list[tuple[str, list[str]]]:
    """(reason, rows) of all cells that are empty or have fewer seeds than were asked for."""
    rows: dict[str, list[str]] = {}
    labels = {row.name: row.label for _, row, _ in numbers.table_lines(table)}
    for cell in table.cells:
        if cell.reason:
            rows.setdefault(cell.reason, []).append(f"{labels[cell.row]}, {cell.init}")
    return [(reason, list(dict.fromkeys(names))) for reason, names in rows.items()]
