"""The verbs beside the paper's tables: numbers of its text, its grid search, other readings, its figures.

Each returns the paths of the files that it wrote. TensorFlow is imported only where it is needed.
"""

import functools
import sys

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.session import open_cityscapes, open_kitti
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow
from selfsup_segmentation.reproduce.figures import heat_map
from selfsup_segmentation.reproduce.published import BEST, BEST_KITTI
from selfsup_segmentation.reproduce.tables import grid_search, inference_report, readings_table, text_numbers
from selfsup_segmentation.reproduce.tables.grid_picks import row_name


def text_numbers_command(args):
    """Color alone, depth alone, the 1×1 embedding, and what the segmentation network costs at inference."""
    session, size = open_cityscapes(args), arguments.parse_size(args.inference_size, "--inference-size")
    named = text_numbers.text_runs(session.label, args.seeds, session.readings)
    runs, names = [run for _, run in named], {run.folder: name for name, run in named}
    if not session.carry_out(runs):
        return []
    measured, reasons = session.collect(runs, name=lambda run: names[run.folder])
    table = text_numbers.build(measured, reasons, session.notes_on(runs))
    written = session.show(table, "text-numbers", shown=named)
    import_tensorflow()
    from selfsup_segmentation.experiments.finished.inference import measure_inference

    result = measure_inference(size)
    print(inference_report.render(result, color=sys.stdout.isatty()))
    return written + session.wrote(*inference_report.write(result, [], session.out, "inference"))


def grid_search_command(args):
    """The paper's 24 combinations of weights, the pick of each set of tasks, and a heat map."""
    session = open_cityscapes(args)
    runs = catalog.grid_search_runs(session.label, session.init, args.seeds, session.readings)
    if not session.carry_out(runs):
        return []
    alone = catalog.single_task_runs(session.label, args.seeds, session.readings)
    alone += catalog.table1_runs(session.label, args.seeds, session.readings)
    alone = [run for run in alone if len(run.tasks) == 1 and run.init == session.init]
    measured, reasons = session.collect([*runs, *alone], name=row_name)
    notes = session.notes_on([*runs, *alone])
    table = grid_search.build(runs, measured, reasons, session.init, notes)
    stem = f"grid-search-{session.init}"
    pictures = heat_map.write_heat_map(
        runs, measured, session.init, notes, session.out, f"{stem}-{session.label}"
    )
    return session.show(table, stem, *pictures, shown=[(row_name(run), run) for run in [*runs, *alone]])


def readings_command(args):
    """One row under each other reading of the paper."""
    session = open_kitti(args) if args.table == 3 else open_cityscapes(args)
    tasks, weighting = arguments.parse_row(args.row)
    make = functools.partial(_make_run, session, tasks, weighting)
    found = readings_table.variants(make, session.readings, args.seeds)
    found, refused = readings_table.allowed(found, session.source, session.store)
    session.notes.extend(refused)
    runs = list(dict.fromkeys(run for variant in found for run in variant.runs))
    if not session.carry_out(runs):
        return []
    table = readings_table.build(found, session.store, session.notes_on(runs), session.fingerprint)
    row = args.row.replace("/", "-")
    shown = [(variant.name, run) for variant in found for run in variant.runs]
    return session.show(table, f"readings-{row}-{session.init}", shown=shown)


def _make_run(session, tasks, weighting, seed, readings):
    return catalog.make_run(
        session.label, tasks, weighting, session.init, seed, readings, start=session.start
    )


def figures_command(args):
    """Figures 2, 3 and 4 from finished runs; one that lacks a run does not stop the others."""
    import_tensorflow()
    written, missing = [], []
    for number in args.only:
        try:
            written += _draw(number, args)
        except InputError as reason:
            missing.append(f"Figure {number}: {reason}")
    if missing:
        raise InputError(" ".join(missing))
    return written


def _draw(number, args):
    from selfsup_segmentation.reproduce.figures import figures

    session = open_kitti(args, train=False) if number == 4 else open_cityscapes(args)
    session.refuse_readings_of_the_evaluation()
    if number == 4:
        runs = catalog.table3_runs(session.label, session.start, readings=session.readings)
    else:
        runs = catalog.table1_runs(session.label, readings=session.readings)
    by_row = {catalog.table_row(run): run for run in runs if run.init == session.init}
    rows = {2: [f"SS{session.init}", BEST[0]], 3: ["SS+C+D/GS"], 4: [f"SS{session.init}", BEST_KITTI[0]]}
    chosen = [by_row[row] for row in rows[number]]
    for run in chosen:
        if session.store.metrics(run) is None:
            reason = session.store.failure(run) or f"make it with reproduce table{3 if number == 4 else 1}"
            raise InputError(f"{run} is not finished: {reason}.")
    where = (
        session.store,
        session.data_library,
        session.notes_on(chosen),
        session.out,
        f"figure{number}-{session.label}",
    )
    if number == 3:
        return session.wrote(*figures.write_self_supervised_figure(*chosen, *where))
    return session.wrote(*figures.write_segmentation_figure(number, *chosen, *where))
