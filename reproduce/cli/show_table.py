"""What the verbs that show Table 1 or 3 share: the choice of rows, and the table of all of them."""

import dataclasses

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.tables.appendix import write_appendix
from selfsup_segmentation.reproduce.tables.collect import footnotes


def select(runs, request):
    """The runs of the chosen rows and initializations.

    Raises:
        InputError: a name that no run has.
    """
    rows, inits = request.rows, request.inits
    known = list(dict.fromkeys(catalog.table_row(run) for run in runs))
    for row in rows:
        if row not in known:
            raise InputError(f"--rows {row}: no such row; choose from {', '.join(known)}.")
    chosen = [
        run
        for run in runs
        if (not rows or catalog.table_row(run) in rows) and (not inits or run.init in inits)
    ]
    if not chosen:
        raise InputError(
            "--rows and --init leave nothing to run; a multi-task row starts from ImageNet or CoarseCTS."
        )
    return chosen


def show_table(session, module, runs, chosen):
    """Collect, print and write a table.

    Args:
        session: `reproduce.cli.session.Session`.
        module: `reproduce.tables.table1` or ``table3``.
        runs: all runs of the table.
        chosen: those that were asked for.

    Returns:
        `reproduce.cli.session.Written`.
    """
    others = {run.folder: "not asked for" for run in runs if run not in chosen}
    alone = [] if session.start else session.single_task_runs()
    measured, reasons = session.collect([*runs, *alone], unavailable=others)
    notes = session.notes_on([*runs, *alone])
    table = module.build(measured, reasons, notes)
    more = footnotes(runs, session.store, session.readings)
    table = dataclasses.replace(table, footnotes=(*table.footnotes, *more))
    stem = module.__name__.rsplit(".", 1)[-1]
    appendix = write_appendix(runs, session.store, notes, session.out, f"{stem}-{session.label}-appendix")
    shown = [(catalog.table_row(run), run) for run in [*runs, *alone]]
    return session.show(table, stem, appendix, shown=shown)
