"""The page of a table."""

from reproduce import wording
from reproduce.comparison import Table
from reproduce.report import classes
from reproduce.report.page import Report, render


def to_html(table: Table, report: Report) -> str:
    """The page; raises as `reproduce.report.page.render`."""
    labels = {row.name: row.label for _, row, _ in wording.table_lines(table)}
    return render(
        "table.html.jinja",
        report,
        list(dict.fromkeys(run for name, run in report.shown if name in labels)),
        table.title,
        table.notes,
        labels,
        classes.class_charts(table, report.shown, report.store, report.readings),
        table=table,
        cells={(cell.row, cell.init, cell.metric): cell for cell in table.cells},
        numbers=wording.reason_numbers(table),
        published=wording.has_published(table),
        gains=any(map(wording.gain_text, table.cells)),
        legend=wording.legend(table),
        missing=missing(table),
        verdict=wording.verdict,
        cell_text=wording.cell_text,
        gain_text=wording.gain_text,
        column_title=wording.column_title,
        PUBLISHED_DECIMALS=wording.PUBLISHED_DECIMALS,
        DASH=wording.DASH,
    )


def missing(table: Table) -> list[tuple[str, list[str]]]:
    """(reason, rows) of all cells that are empty or have fewer seeds than were asked for."""
    found: dict[str, list[str]] = {}
    labels = {row.name: row.label for _, row, _ in wording.table_lines(table)}
    for cell in table.cells:
        if cell.reason:
            found.setdefault(cell.reason, []).append(f"{labels[cell.row]}, {cell.init}")
    return [(reason, list(dict.fromkeys(rows))) for reason, rows in found.items()]
