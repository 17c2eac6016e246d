"""``report-….html``: all about some numbers on one page that needs nothing else, for a screen or paper."""

import dataclasses
import datetime
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import LETTERS, Run
from selfsup_segmentation.reproduce.formats import numbers
from selfsup_segmentation.reproduce.formats.render import write_texts
from selfsup_segmentation.reproduce.report import classes, curves
from selfsup_segmentation.reproduce.report.origin import origins, switches
from selfsup_segmentation.reproduce.report.pictures import Picture

TASK_NAMES = {"seg": "segmentation", "color": "colorization", "depth": "disparity"}


@dataclasses.dataclass(frozen=True)
class Report:
    """What a page shows beside the numbers that it is about.

    Attributes:
        shown: (name of the row, run) of its rows, and of baselines that are no row of it.
        store: of the runs.
        readings: of the numbers.
        label: of the data.
        pictures: of predictions and of the numbers.
        no_pictures: how to get some, where there are none.
        files: that were written of the same numbers.
    """

    shown: Sequence[tuple[str, Run]]
    store: Store
    readings: Readings
    label: str
    pictures: Sequence[Picture] = ()
    no_pictures: str = ""
    files: Sequence[Path] = ()


def write_page(content: str, folder: Path, stem: str) -> Path:
    """Write ``<stem>.html``; a reader never sees half a page."""
    return write_texts(folder, stem, {"html": content})[0]


def render(
    template: str,
    report: Report,
    runs: Sequence[Run],
    title: str,
    notes: Sequence[str],
    labels: Mapping[str, str],
    charts: Sequence[classes.ClassChart] = (),
    **content,
) -> str:
    """The page as HTML. Whatever comes from runs or the user is escaped.

    Args:
        template: that extends ``page.html.jinja``.
        report: what every page shows.
        runs: those that it is about.
        title: of the page.
        notes: lines that come before all numbers.
        labels: of rows, by name.
        charts: of the classes.
        content: what the template itself shows.

    Raises:
        InputError: the record of a run is damaged.
    """
    store = report.store
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            runs=runs,
            title=title,
            notes=notes,
            labels=labels,
            charts=charts,
            finished=sum(store.metrics(run) is not None for run in runs),
            curves=curves.training_curves(report.shown, store),
            origins=origins(runs, store),
            switches=switches(report.readings),
            written=datetime.datetime.now().astimezone().isoformat(" ", "minutes"),
            **content,
        )
    )


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
        "signed": numbers.signed,
    }  # fmt: skip
    return environment
