"""``report-….html``: everything about a table on one page that needs nothing else, for a screen or paper."""

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from pathlib import Path

import jinja2

from experiments.readings import Readings
from experiments.run import LETTERS, Run
from experiments.store import Store
from reproduce import wording
from reproduce.comparison import Cell, Column, Table
from reproduce.render import write_texts
from reproduce.report import classes, curves
from reproduce.report.origin import origins, switches
from reproduce.report.pictures import Picture

TASK_NAMES = {"seg": "segmentation", "color": "colorization", "depth": "disparity"}


@dataclasses.dataclass(frozen=True)
class Report:
    """What a page shows.

    Attributes:
        table: the numbers.
        shown: (name of the row, run) of its rows, and of baselines that are no row of it.
        store: of the runs.
        readings: of the table.
        label: of the data.
        pictures: of predictions and of the numbers.
        no_pictures: how to get some, where there are none.
        files: that were written of the same table.
    """

    table: Table
    shown: Sequence[tuple[str, Run]]
    store: Store
    readings: Readings
    label: str
    pictures: Sequence[Picture] = ()
    no_pictures: str = ""
    files: Sequence[Path] = ()


def write_report(report: Report, folder: Path, stem: str) -> Path:
    """Write ``<stem>.html``; a reader never sees half a page.

    Raises:
        InputError: the record of a run is damaged.
    """
    return write_texts(folder, stem, {"html": to_html(report)})[0]


def to_html(report: Report) -> str:
    """The page. Whatever comes from runs or the user is escaped."""
    table, store = report.table, report.store
    labels = {row.name: row.label for _, row, _ in wording.table_lines(table)}
    runs = list(dict.fromkeys(run for name, run in report.shown if name in labels))
    cells = {(cell.row, cell.init, cell.metric): cell for cell in table.cells}
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            report=report,
            table=table,
            cells=cells,
            numbers=wording.reason_numbers(table),
            published=wording.has_published(table),
            gains=any(map(wording.gain_text, table.cells)),
            legend=wording.legend(table),
            missing=missing(table),
            finished=sum(store.metrics(run) is not None for run in runs),
            runs=runs,
            labels=labels,
            curves=curves.training_curves(report.shown, store),
            charts=classes.class_charts(table, report.shown, store, report.readings),
            origins=origins(runs, store),
            switches=switches(report.readings),
            written=datetime.datetime.now().astimezone().isoformat(" ", "minutes"),
        )
    )


def missing(table: Table) -> list[tuple[str, list[str]]]:
    """(reason, rows) of all cells that are empty or have fewer seeds than were asked for."""
    found: dict[str, list[str]] = {}
    labels = {row.name: row.label for _, row, _ in wording.table_lines(table)}
    for cell in table.cells:
        if cell.reason:
            found.setdefault(cell.reason, []).append(f"{labels[cell.row]}, {cell.init}")
    return [(reason, list(dict.fromkeys(rows))) for reason, rows in found.items()]


def verdict(cell: Cell, column: Column) -> str:
    """``better``, ``worse``, or nothing for a gain that is not known or rounds to zero."""
    if not round(cell.gain or 0, wording.DECIMALS):
        return ""
    return "better" if (cell.gain < 0) == column.lower_is_better else "worse"


@functools.cache
def _environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "LETTERS": LETTERS, "TASK_NAMES": TASK_NAMES, "CURVES": curves, "CLASSES": classes,
        "verdict": verdict, "cell_text": wording.cell_text, "gain_text": wording.gain_text,
        "column_title": wording.column_title,
        "signed": wording.signed, "BEST_MARK": wording.BEST_MARK,
        "PUBLISHED_DECIMALS": wording.PUBLISHED_DECIMALS, "DASH": wording.DASH,
    }  # fmt: skip
    return environment
