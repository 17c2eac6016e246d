"""The pages ``report-….html`` of a table and of the claims, made without TensorFlow."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.claims.document import TITLE
from selfsup_segmentation.reproduce.claims.verdicts import FAILS, HOLDS, ONE_SEED, OPEN, Verdict
from selfsup_segmentation.reproduce.formats import write_texts
from selfsup_segmentation.reproduce.formats.numbers import PUBLISHED_DECIMALS, signed
from selfsup_segmentation.reproduce.report.classes import class_scores
from selfsup_segmentation.reproduce.report.curves import training_curves
from selfsup_segmentation.reproduce.report.images import EmbeddedImage, draw_samples, embed
from selfsup_segmentation.reproduce.report.provenance import provenance
from selfsup_segmentation.reproduce.report.render import render
from selfsup_segmentation.reproduce.tables import document
from selfsup_segmentation.reproduce.tables.comparison import Table

NO_IMAGES = (
    "None yet. reproduce figures draws them from finished runs into the folder of this page; the command "
    "that made this page then shows them here."
)


@dataclasses.dataclass(frozen=True)
class PageContext:
    """What a page shows beside its numbers.

    Attributes:
        shown: (name of the row, run) of its rows, and of baselines that are no row of it.
        store: store of the runs.
        readings: readings of the numbers.
        label: label of the data.
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


def table_html(table: Table, context: PageContext) -> str:
    """The page of a table.

    Raises:
        InputError: the record of a run is damaged.
    """
    labels = {row.name: row.label for _, row, _ in document.table_lines(table)}
    runs = list(dict.fromkeys(run for name, run in context.shown if name in labels))
    return _render(
        "table.html.jinja",
        context,
        runs,
        title=table.title,
        notes=table.notes,
        labels=labels,
        classes=class_scores(table, context.shown, context.store, context.readings),
        table=table,
        cells={(cell.row, cell.init, cell.metric): cell for cell in table.cells},
        numbers=document.comparison_document(table).reasons(),
        published=document.has_published(table),
        gains=any(map(document.gain_text, table.cells)),
        missing=missing(table),
        document=document,
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


def claims_html(
    published: Sequence[Verdict], measured: Sequence[Verdict], notes: Sequence[str], context: PageContext
) -> str:
    """The page of the claims of the paper's text.

    Args:
        published, measured: verdicts on the same claims, on the paper's numbers and on ours.
        notes: lines that come before all numbers.
        context: what a page shows beside them.

    Raises:
        InputError: the record of a run is damaged.
    """
    pairs = zip(published, measured, strict=True)
    quotes = itertools.groupby(pairs, key=lambda pair: pair[0].claim.quote)
    return _render(
        "claims.html.jinja",
        context,
        list(dict.fromkeys(run for _, run in context.shown)),
        title=TITLE,
        notes=notes,
        labels={},
        classes=(),
        quotes=[(quote, list(verdicts)) for quote, verdicts in quotes],
        counts=[("The paper's numbers", _count(published)), ("Ours", _count(measured))],
        css={HOLDS: "better", FAILS: "worse"},
    )


def _count(verdicts):
    counts = Counter(verdict.answer for verdict in verdicts)
    return [f"{counts[answer]} × {answer}" for answer in (HOLDS, FAILS, OPEN, ONE_SEED) if counts[answer]]


def _render(template, context, runs, **content):
    """A template that extends ``numbers.html.jinja``; ``runs`` are those that the numbers are of."""
    return render(
        template,
        context=context,
        runs=runs,
        finished=sum(context.store.metrics(run) is not None for run in runs),
        curves=training_curves(context.shown, context.store),
        provenance=provenance(runs, context.store),
        defaults=vars(Readings()),
        **content,
    )


def write_page(
    session,
    stem: str,
    shown: Sequence[tuple[str, Run]],
    files: Sequence[Path],
    to_html: Callable[[PageContext], str],
    sampled: Sequence[tuple[str, Run]] = (),
) -> Path:
    """Write the page of some numbers beside their other files.

    Args:
        session: `reproduce.cli.session.Session`.
        stem: stem of the file.
        shown: (name of the row, run) of the rows, and of baselines that are no row.
        files: the same numbers in other formats; images among them are shown.
        to_html: renders the page.
        sampled: (description, run) of predictions to show; new ones are drawn if the data is open already.

    Returns:
        Path of the page.
    """
    paths = [path for path in files if path.suffix == ".png"]
    for label in dict.fromkeys(run.dataset for _, run in shown):
        paths += sorted(session.out.glob(f"figure[0-9]-{label}.png"))
    images, problem = [embed(path) for path in paths], NO_IMAGES
    library = vars(session).get("data_library")
    try:
        for description, run in sampled:
            path = draw_samples(run, session.store, library, session.out)
            if path:
                caption = f"{description}: {run}. Validation images, evenly spaced."
                images.append(embed(path, [caption]))
    except InputError as reason:  # of a damaged run; the numbers are worth a page without its images
        problem = f"Predictions cannot be drawn: {reason}"
    context = PageContext(shown, session.store, session.readings, session.label, images, problem, files)
    return write_texts(session.out, stem, {"html": to_html(context)})[0]
