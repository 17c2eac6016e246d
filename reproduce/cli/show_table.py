"""Choice of rows, execution and output of Table 1 or 3, for the verbs that show them."""

import dataclasses

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.cli.session import Written
from selfsup_segmentation.reproduce.tables.appendix import write_appendix
from selfsup_segmentation.reproduce.tables.collect import footnotes


def show_table(session, module, runs, train=True):
    """Execute the missing ones of the chosen runs, and collect, print and write the table of all.

    Args:
        session: `reproduce.cli.session.Session`.
        module: `reproduce.tables.table1` or ``table3``.
        runs: all runs of the table; ``--rows`` and ``--init`` choose among them.
        train: whether missing runs are executed.

    Returns:
        `reproduce.cli.session.Written`.

    Raises:
        InputError: a name in ``--rows`` that no run has, or no run is chosen.
    """
    chosen = select(runs, session.request)
    if train and not session.execute(chosen):
        return Written()
    others = {run.folder: "not asked for" for run in runs if run not in chosen}
    alone = [] if session.start else session.single_task_runs()
    measured, reasons = session.collect([*runs, *alone], unavailable=others)
    notes = session.notes_on([*runs, *alone])
    table = module.build(measured, reasons, notes)
    added = footnotes(runs, session.store, session.readings)
    table = dataclasses.replace(table, footnotes=(*table.footnotes, *added))
    stem = module.__name__.rsplit(".", 1)[-1]
    appendix = write_appendix(runs, session.store, notes, session.out, f"{stem}-{session.label}-appendix")
    shown = [(catalog.table_row(run), run) for run in [*runs, *alone]]
    return session.show(table, stem, appendix, shown=shown)


def select(runs, request):
    """The runs that ``--rows`` and ``--init`` name; all by default.

    Raises:
        InputError: a name that no run has, or nothing is left.
    """
    rows = {catalog.table_row(run): None for run in runs}
    for row in request.rows:
        if row not in rows:
            raise InputError(f"--rows {row}: no such row; choose from {', '.join(rows)}.")
    rows, inits = request.rows or rows, request.inits or {run.init for run in runs}
    chosen = [run for run in runs if catalog.table_row(run) in rows and run.init in inits]
    if not chosen:
        raise InputError(
            "--rows and --init leave nothing to run; a multi-task row starts from ImageNet or CoarseCTS."
        )
    return chosen
