"""The report of a verb: what its session has at hand, put together; TensorFlow is never started for it."""

from collections.abc import Sequence
from pathlib import Path

from data.errors import InputError
from experiments.run import Run
from reproduce.comparison import Table
from reproduce.report.page import Report, write_report
from reproduce.report.pictures import best_and_baseline, draw_samples, embed, figures

NO_PICTURES = (
    "None yet. reproduce figures draws them from finished runs into the folder of this page; the command "
    "that made this page then shows them here."
)


def make_report(
    session, table: Table, stem: str, shown: Sequence[tuple[str, Run]], files: Sequence[Path]
) -> Path:
    """Write the page of a table beside its other files.

    Args:
        session: `reproduce.session.Session`.
        table: the numbers.
        stem: of the file.
        shown: (name of the row, run) of its rows, and of baselines that are no row of it.
        files: that were written of the same table; pictures among them are shown.

    Returns:
        Path of the page.
    """
    pictures = [embed(path) for path in files if path.suffix == ".png"]
    pictures += [embed(path) for path in figures(session.out, session.label)]
    problem = NO_PICTURES
    try:
        for path, caption in _samples(session, table, shown):
            pictures.append(embed(path, [caption]))
    except InputError as reason:  # of a damaged run; the numbers are worth a page without its pictures
        problem = f"Predictions cannot be drawn: {reason}"
    report = Report(
        table, shown, session.store, session.readings, session.label, pictures,
        "" if pictures else problem, files,
    )  # fmt: skip
    return write_report(report, session.out, stem)


def _samples(session, table, shown):
    """(path, caption) of the best row and of its baseline; new ones where the data has been opened anyway."""
    library = vars(session).get("data_library")
    for what, run in best_and_baseline(table, shown):
        path = draw_samples(run, session.store, library, session.out)
        if path:
            yield path, f"{what}: {run}. Validation images, evenly spaced."
