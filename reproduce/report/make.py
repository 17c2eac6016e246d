"""The page of a verb, from what its session has at hand; TensorFlow is never imported for it."""

from collections.abc import Sequence
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.claims.verdicts import Verdict
from selfsup_segmentation.reproduce.formats.render import write_texts
from selfsup_segmentation.reproduce.report.claims_page import claims_html
from selfsup_segmentation.reproduce.report.images import best_and_baseline, draw_samples, embed, figures
from selfsup_segmentation.reproduce.report.page import PageContext
from selfsup_segmentation.reproduce.report.table_page import to_html
from selfsup_segmentation.reproduce.tables.comparison import Table

NO_IMAGES = (
    "None yet. reproduce figures draws them from finished runs into the folder of this page; the command "
    "that made this page then shows them here."
)


def make_report(
    session, table: Table, stem: str, shown: Sequence[tuple[str, Run]], files: Sequence[Path]
) -> Path:
    """Write the page of a table beside its other files.

    Args:
        session: `reproduce.cli.session.Session`.
        table: the numbers.
        stem: of the file.
        shown: (name of the row, run) of its rows, and of baselines that are no row of it.
        files: that were written of the same table; images among them are shown.

    Returns:
        Path of the page.
    """
    context = _context(session, shown, files, best_and_baseline(table, shown))
    return write_texts(session.out, stem, {"html": to_html(table, context)})[0]


def make_claims_report(
    session,
    published: Sequence[Verdict],
    measured: Sequence[Verdict],
    notes: Sequence[str],
    stem: str,
    shown: Sequence[tuple[str, Run]],
    files: Sequence[Path],
) -> Path:
    """Write the page of the claims beside their other files.

    Args:
        session, stem, shown, files: as for `make_report`.
        published, measured, notes: as for `reproduce.report.claims_page.claims_html`.

    Returns:
        Path of the page.
    """
    context = _context(session, shown, files, ())
    page = claims_html(published, measured, notes, context)
    return write_texts(session.out, stem, {"html": page})[0]


def _context(session, shown, files, sampled):
    """The available images, and predictions of the (description, run) ``sampled``."""
    paths = [path for path in files if path.suffix == ".png"]
    for label in dict.fromkeys(run.dataset for _, run in shown):
        paths += figures(session.out, label)
    images, problem = [embed(path) for path in paths], NO_IMAGES
    try:
        for path, caption in _samples(session, sampled):
            images.append(embed(path, [caption]))
    except InputError as reason:  # of a damaged run; the numbers are worth a page without its images
        problem = f"Predictions cannot be drawn: {reason}"
    return PageContext(
        shown, session.store, session.readings, session.label, images, "" if images else problem, files
    )


def _samples(session, sampled):
    """(path, caption) of predictions; new ones if the data is open already."""
    library = vars(session).get("data_library")
    for description, run in sampled:
        path = draw_samples(run, session.store, library, session.out)
        if path:
            yield path, f"{description}: {run}. Validation images, evenly spaced."
