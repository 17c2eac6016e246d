"""HTML pages that need no other file: ``report-….html`` about some numbers, and the index."""

import dataclasses
import datetime
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.report.classes import ClassScores
from selfsup_segmentation.reproduce.report.curves import training_curves
from selfsup_segmentation.reproduce.report.images import EmbeddedImage
from selfsup_segmentation.reproduce.report.provenance import provenance


@dataclasses.dataclass(frozen=True)
class PageContext:
    """What a page shows beside the numbers that it is about.

    Attributes:
        shown: (name of the row, run) of its rows, and of baselines that are no row of it.
        store: of the runs.
        readings: of the numbers.
        label: of the data.
        images: predictions and plots of the numbers.
        no_images: how to get some, where there are none.
        files: the same numbers in other formats.
    """

    shown: Sequence[tuple[str, Run]]
    store: Store
    readings: Readings
    label: str
    images: Sequence[EmbeddedImage] = ()
    no_images: str = ""
    files: Sequence[Path] = ()


def render_numbers(
    template: str,
    context: PageContext,
    runs: Sequence[Run],
    title: str,
    notes: Sequence[str],
    labels: Mapping[str, str],
    classes: Sequence[ClassScores] = (),
    **content,
) -> str:
    """A page about some numbers, as HTML.

    Args:
        template: that extends ``numbers.html.jinja``.
        context: what every such page shows.
        runs: those that the numbers are of.
        title: of the page.
        notes: lines that come before all numbers.
        labels: of rows, by name.
        classes: IoU by class of the rows.
        content: what the template itself shows.

    Raises:
        InputError: the record of a run is damaged.
    """
    store = context.store
    return render(
        template,
        context=context,
        runs=runs,
        title=title,
        notes=notes,
        labels=labels,
        classes=classes,
        finished=sum(store.metrics(run) is not None for run in runs),
        curves=training_curves(context.shown, store),
        provenance=provenance(runs, store),
        defaults=vars(Readings()),
        **content,
    )


def render(template: str, **content) -> str:
    """A template with its content; in HTML, whatever comes from runs or the user is escaped."""
    now = datetime.datetime.now().astimezone().isoformat(" ", "minutes")
    return _environment().get_template(template).render(written=now, **content)


@functools.cache
def _environment():
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: ".html" in name,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
