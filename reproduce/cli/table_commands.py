"""The verbs that make the paper's tables: run what is missing, collect, print, write.

Each returns the paths of the files that it wrote. TensorFlow is imported only where runs are made.
"""

import dataclasses

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.claims.claims import CLAIMS
from selfsup_segmentation.reproduce.claims.verdicts import evaluate, measured_numbers, published_numbers
from selfsup_segmentation.reproduce.cli.session import open_cityscapes, open_kitti
from selfsup_segmentation.reproduce.published import BEST
from selfsup_segmentation.reproduce.tables import official, table1, table2, table3, table4
from selfsup_segmentation.reproduce.tables.appendix import write_appendix
from selfsup_segmentation.reproduce.tables.collect import footnotes


def table1_command(args):
    """Table 1: the Cityscapes validation set."""
    session, runs = _open_table1(args)
    if session.carry_out(select(runs, args.rows, args.init)):
        return _show_table(session, table1, runs)
    return []


def table3_command(args):
    """Table 3: each run of Table 1 goes on on KITTI."""
    session, runs = _open_table3(args)
    if session.carry_out(select(runs, args.rows, args.init)):
        return _show_table(session, table3, runs)
    return []


def compare_command(args):
    """A table from the runs that are finished; no run is started."""
    session, runs = _open_table1(args) if args.table == 1 else _open_table3(args, train=False)
    return _show_table(session, {1: table1, 3: table3}[args.table], runs)


def table2_command(args):
    """Table 2: official scores of the baseline and the best row on val, and a submission for the server."""
    session, runs = _open_table1(args)
    session.refuse_readings_of_the_evaluation()
    submission = official.submission_path(args.submission)
    rows = {"SSImageNet": f"SS{session.init}", "Best": BEST[0]}
    chosen = {
        name: next(run for run in runs if run.init == session.init and catalog.table_row(run) == row)
        for name, row in rows.items()
    }
    store, notes = session.store, session.notes_on(chosen.values())
    _, remarks = session.collect(chosen.values())
    for line in notes:
        print(line)
    measured, reasons = {}, {}
    for name, run in chosen.items():
        if store.metrics(run) is None:
            reasons[name, session.init] = store.failure(run) or f"{run} is not finished: reproduce table1"
        else:
            measured[name, session.init] = [official.scores_of(run, store, lambda: session.data_library)]
            reasons[name, session.init] = remarks.get((catalog.table_row(run), run.init))
    table = table2.build(measured, reasons, session.init, notes)
    written = session.show(table, "table2", shown=list(chosen.items()))
    if submission:
        official.write_submission(submission, chosen["Best"], store, lambda: session.data_library)
    return written


def table4_command(args):
    """Table 4: other methods as published, this one as measured."""
    session, runs = _open_table1(args)
    names = {address: name for name, address in table4.OURS.items()}
    by_address = [((catalog.table_row(run), run.init), run) for run in runs]
    shown = [(names[address], run) for address, run in by_address if address in names]
    measured, reasons = session.collect(runs)
    notes = session.notes_on([run for _, run in shown])
    table = table4.build(measured, reasons, notes, session.readings.eval_resolution)
    return session.show(table, "table4", shown=shown)


def claims_command(args):
    """What the paper's text says of its tables, decided on its numbers and on ours."""
    session, runs = _open_table1(args)
    runs += _alone(session)
    label = session.label
    kitti = catalog.dataset_label("scenes-kitti" if label.startswith("scenes") else "kitti", session.scale)
    kitti_runs = catalog.table3_runs(kitti, label, args.seeds, session.readings)
    table1_measured, _ = session.collect(runs)
    table3_measured, _ = session.collect(kitti_runs)
    notes = session.notes_on([*runs, *kitti_runs])
    paper = evaluate(CLAIMS, published_numbers())
    ours = evaluate(CLAIMS, measured_numbers(table1_measured, table3_measured))
    shown = [(catalog.table_row(run), run) for run in [*runs, *kitti_runs]]
    return session.show_claims(paper, ours, notes, shown)


def _open_table1(args):
    session = open_cityscapes(args)
    return session, catalog.table1_runs(session.label, args.seeds, session.readings)


def _open_table3(args, train=True):
    session = open_kitti(args, train)
    return session, catalog.table3_runs(session.label, session.start, args.seeds, session.readings)


def _alone(session):
    """Runs of a single self-supervised task, which give gains where they are finished."""
    return catalog.single_task_runs(session.label, session.args.seeds, session.readings)


def _show_table(session, module, runs):
    """Collect, print and write a table of which rows may not have been asked for."""
    store, readings, args = session.store, session.readings, session.args
    chosen = select(runs, args.rows, args.init)
    others = {run.folder: "not asked for" for run in runs if run not in chosen}
    alone = [] if session.start else _alone(session)
    measured, reasons = session.collect([*runs, *alone], unavailable=others)
    notes = session.notes_on([*runs, *alone])
    table = module.build(measured, reasons, notes)
    table = dataclasses.replace(table, footnotes=(*table.footnotes, *footnotes(runs, store, readings)))
    stem = module.__name__.rsplit(".", 1)[-1]
    appendix = write_appendix(runs, store, notes, session.out, f"{stem}-{session.label}-appendix")
    shown = [(catalog.table_row(run), run) for run in [*runs, *alone]]
    return session.show(table, stem, appendix, shown=shown)


def select(runs, rows, inits):
    """The runs of the rows and initializations that were asked for.

    Raises:
        InputError: a name that no run has.
    """
    known = list(dict.fromkeys(catalog.table_row(run) for run in runs))
    for row in rows or ():
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
