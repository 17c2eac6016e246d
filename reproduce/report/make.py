"""The report of a verb: what its session has at hand, put together; TensorFlow is never started for it."""

from collections.abc import Sequence
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.claims.verdicts import Verdict
from selfsup_segmentation.reproduce.report.claims_page import claims_html
from selfsup_segmentation.reproduce.report.page import Report, write_page
from selfsup_segmentation.reproduce.report.pictures import best_and_baseline, draw_samples, embed, figures
from selfsup_segmentation.reproduce.report.table_page import to_html
from selfsup_segmentation.reproduce.tables.comparison import Table

NO_PICTURES = (
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
        files: that were written of the same table; pictures among them are shown.

    Returns:
        Path of the page.
    """
    report = _report(session, shown, files, best_and_baseline(table, shown))
    return write_page(to_html(table, report), session.out, stem)


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
    report = _report(session, shown, files, ())
    return write_page(claims_html(published, measured, notes, report), session.out, stem)


def _report(session, shown, files, sampled):
    """A `Report` with the pictures that there are, and predictions of the (what it is, run) ``sampled``."""
    paths = [path for path in files if path.suffix == ".png"]
    for label in dict.fromkeys(run.dataset for _, run in shown):
        paths += figures(session.out, label)
    pictures, problem = [embed(path) for path in paths], NO_PICTURES
    try:
        for path, caption in _samples(session, sampled):
            pictures.append(embed(path, [caption]))
    except InputError as reason:  # of a damaged run; the numbers are worth a page without its pictures
        problem = f"Predictions cannot be drawn: {reason}"
    return Report(
        shown, session.store, session.readings, session.label, pictures, "" if pictures else problem, files
    )


def _samples(session, sampled):
    """(path, caption) of predictions; new ones where the data has been opened anyway."""
    library = vars(session).get("data_library")
    for what, run in sampled:
        path = draw_samples(run, session.store, library, session.out)
        if path:
            yield path, f"{what}: {run}. Validation images, evenly spaced."
