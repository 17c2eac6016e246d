"""The verbs that make tables: run what is missing, collect, print, write.

TensorFlow is imported only where runs are made.
"""

import dataclasses
import functools
import sys
from pathlib import Path

from data.errors import InputError
from experiments import catalog
from experiments.sources import Source
from experiments.store import Store
from reproduce import claims_report, inputs, official, render, table1, table2, table3, table4
from reproduce.appendix import write_appendix
from reproduce.claims import CLAIMS
from reproduce.plan import plan_lines
from reproduce.published import BEST
from reproduce.quiet import import_tensorflow
from reproduce.tables import collect, footnotes
from reproduce.verdicts import evaluate, measured_numbers, published_numbers


def table1_command(args):
    """Table 1: the Cityscapes validation set."""
    source, runs, store, readings, notes = _table1_runs(args)
    alone = catalog.single_task_runs(runs[0].dataset, args.seeds, readings)
    _make(args, table1, runs, {runs[0].dataset: source}, store, readings, notes, alone)


def table3_command(args):
    """Table 3: each run of Table 1 goes on on KITTI."""
    source = inputs.open_source(args, "kitti")
    scale = inputs.choose_scale(args, source)
    readings = inputs.kitti_readings(inputs.parse_readings(args.set), source, scale)
    label = catalog.dataset_label(source.name, scale)
    start, root, origin = _origin(args, scale, source)
    runs = catalog.table3_runs(label, start, args.seeds, readings)
    sources = {label: source} | ({start: origin} if origin else {})
    notes = inputs.banner(source, scale, readings)
    if start != "cityscapes":
        notes.append(f"Fine-tuned from runs on {start}, not from Cityscapes at the paper's scale.")
    store = Store(inputs.make_store(args).root, also=[root])
    _make(args, table3, runs, sources, store, readings, notes)


def table2_command(args):
    """Table 2: official scores of the baseline and the best row on val, and a submission for the server."""
    source, runs, store, _, notes = _table1_runs(args)
    submission = official.submission_path(args.submission)

    @functools.cache
    def library():  # TensorFlow and the data, once, and only when something is to be predicted
        import_tensorflow()
        return inputs.make_library(args, source)

    rows = {"SSImageNet": f"SS{args.init}", "Best": BEST[0]}
    chosen = {
        name: next(run for run in runs if run.init == args.init and catalog.table_row(run) == row)
        for name, row in rows.items()
    }
    for line in notes:
        print(line)
    measured, reasons = {}, {}
    for name, run in chosen.items():
        if store.metrics(run) is None:
            reasons[name, args.init] = store.failure(run) or f"{run} is not finished: reproduce table1"
        else:
            measured[name, args.init] = [official.scores_of(run, store, library)]
    table = table2.build(measured, reasons, args.init, notes)
    _show(table, args, store, f"table2-{runs[0].dataset}")
    if submission:
        official.write_submission(submission, chosen["Best"], store, library)


def table4_command(args):
    """Table 4: other methods as published, this one as measured."""
    _, runs, store, readings, notes = _table1_runs(args)
    measured, reasons = collect(runs, store, readings)
    _show(table4.build(measured, reasons, notes), args, store, f"table4-{runs[0].dataset}")


def claims_command(args):
    """What the paper's text says of its tables, decided on its numbers and on ours."""
    _, runs, store, readings, notes = _table1_runs(args)
    alone = catalog.single_task_runs(runs[0].dataset, args.seeds, readings)
    table1_measured, _ = collect([*runs, *alone], store, readings)
    scale = catalog.scale_of(runs[0].dataset)
    kitti = catalog.dataset_label("scenes-kitti" if runs[0].dataset.startswith("scenes") else "kitti", scale)
    table3_measured, _ = collect(
        catalog.table3_runs(kitti, runs[0].dataset, args.seeds, readings), store, readings
    )
    paper = evaluate(CLAIMS, published_numbers())
    ours = evaluate(CLAIMS, measured_numbers(table1_measured, table3_measured))
    print(claims_report.render(paper, ours, notes, color=sys.stdout.isatty()))
    written = claims_report.write(paper, ours, notes, _out(args, store), f"claims-{runs[0].dataset}")
    print("\n".join(f"wrote {path}" for path in written))


def _table1_runs(args):
    """Data set, runs of Table 1, store, readings, and the lines that come before all numbers."""
    source = inputs.open_source(args, "cityscapes")
    scale = inputs.choose_scale(args, source)
    readings = inputs.parse_readings(args.set)
    runs = catalog.table1_runs(catalog.dataset_label(source.name, scale), args.seeds, readings)
    return source, runs, inputs.make_store(args), readings, inputs.banner(source, scale, readings)


def _out(args, store):
    return inputs.make_folder(args.out or store.root / "tables", "--out")


def _show(table, args, store, stem, *more):
    print(render.to_text(table, color=sys.stdout.isatty()))
    written = [*render.write_table(table, _out(args, store), stem), *more]
    print("\n".join(f"wrote {path}" for path in written if path))


def compare_command(args):
    """A table from the runs that are finished."""
    {1: table1_command, 3: table3_command}[args.table](args)


def _origin(args, scale, source):
    """Data set and runs folder that the KITTI runs go on from, and its images where they are at hand."""
    runs = Path(args.runs).expanduser()
    if args.cityscapes_runs:
        folder = Path(args.cityscapes_runs).expanduser()
        if not folder.is_dir():
            raise InputError(f"--cityscapes-runs {folder}: no such folder; name one such as runs/cityscapes.")
        folder = folder.resolve()
        start, root = folder.name, folder.parent
    elif args.cityscapes:
        start = catalog.dataset_label(Source("cityscapes", Path(args.cityscapes).expanduser()).name, scale)
        root = runs
    else:
        start, root = ("scenes-demo" if source.is_scenes else "cityscapes"), runs
    if args.cityscapes:
        return start, root, Source("cityscapes", Path(args.cityscapes).expanduser())
    if start == "scenes-demo" and args.verb != "compare" and not args.cityscapes_runs:
        return start, root, inputs.demo_scenes(runs, "cityscapes")
    return start, root, None


def _make(args, module, runs, sources, store, readings, notes, alone=()):
    """Run, collect, print and write a table; runs of a task ``alone`` give gains where they are finished."""
    out = _out(args, store)
    for line in notes:
        print(line)
    chosen = select(runs, args.rows, args.init)
    ordered = catalog.with_dependencies(chosen)
    train = args.verb != "compare"
    if train and args.plan:
        print("\n".join(plan_lines(ordered, store, sources, _cannot_run(args, ordered))))
        return
    if train and any(store.metrics(run) is None for run in ordered):
        import_tensorflow()
        from experiments.executors.local import run_all

        libraries = {label: inputs.make_library(args, source) for label, source in sources.items()}
        run_all(ordered, store, libraries, inputs.make_options(args))
    others = {run.folder: "not asked for" for run in runs if run not in chosen}
    measured, reasons = collect([*runs, *alone], store, readings, others)
    table = module.build(measured, reasons, notes)
    table = dataclasses.replace(table, footnotes=(*table.footnotes, *footnotes(runs, store, readings)))
    stem = f"{module.__name__.rsplit('.', 1)[-1]}-{runs[0].dataset}"
    _show(table, args, store, stem, write_appendix(runs, store, notes, out, f"{stem}-appendix"))


def _cannot_run(args, runs):
    without = [run for run in runs if run.init == "ImageNet" and args.imagenet_weights == "none"]
    return dict.fromkeys((run.folder for run in without), "no ImageNet weights")


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
