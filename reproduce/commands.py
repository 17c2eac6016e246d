"""What the verbs of the command line do. TensorFlow is imported by those that train or evaluate."""

import dataclasses
import sys
from pathlib import Path

from data.errors import InputError
from experiments import catalog
from experiments.readings import CHOICES, Readings
from experiments.run import INITS, Run
from experiments.store import read_json
from reproduce import inputs, render, table1
from reproduce.appendix import write_appendix
from reproduce.plan import plan_lines
from reproduce.quiet import import_tensorflow
from reproduce.tables import collect, footnotes


def table1_command(args):
    """Run what is missing of Table 1 and print it beside the published numbers."""
    source = inputs.open_source(args)
    scale = inputs.choose_scale(args, source)
    readings = parse_readings(args.set)
    notes = inputs.banner(source, scale, readings)
    for line in notes:
        print(line)
    runs = catalog.table1_runs(inputs.dataset_label(source, scale), scale, tuple(args.seeds), readings)
    chosen = select(runs, args.rows, args.init)
    store = inputs.make_store(args)
    ordered = catalog.with_dependencies(chosen, scale)
    if args.plan:
        without = [run for run in ordered if run.init == "ImageNet" and args.imagenet_weights == "none"]
        needs = dict.fromkeys((run.folder for run in without), "no ImageNet weights")
        print("\n".join(plan_lines(ordered, store, source, needs)))
        return
    if args.verb == "table1" and any(store.metrics(run) is None for run in ordered):
        import_tensorflow()
        from experiments.executors.local import run_all

        run_all(ordered, store, inputs.make_library(args, source), scale, inputs.make_options(args))
    measured, reasons = collect(
        runs, store, {run.folder: "not asked for" for run in runs if run not in chosen}
    )
    table = table1.build(measured, reasons, notes)
    table = dataclasses.replace(table, footnotes=(*table.footnotes, *footnotes(runs, store, readings)))
    print(render.to_text(table, color=sys.stdout.isatty()))
    out = Path(args.out).expanduser() if args.out else store.root / "tables"
    stem = f"table1-{runs[0].dataset}"
    written = render.write_table(table, out, stem)
    written.append(write_appendix(runs, store, notes, out / f"{stem}-appendix.csv"))
    print("\n".join(f"wrote {path}" for path in written if path))


def scenes_command(args):
    """Write embedded street scenes in the layout of a data set."""
    from data import scenes

    progress = inputs.progress_line("rendering street scenes")
    size = parse_size(args.size)
    if args.layout == "kitti":
        scenes.write_kitti(
            Path(args.out).expanduser(), args.count, size=size, seed=args.seed, progress=progress
        )
        return
    few = max(1, args.count // 4)
    counts = {"train": args.count, "val": few, "test": few, "train_extra": args.count}
    scenes.write_cityscapes(Path(args.out).expanduser(), counts, size=size, seed=args.seed, progress=progress)


def train_command(args):
    """Train and evaluate one run."""
    source = inputs.open_source(args)
    scale = inputs.choose_scale(args, source)
    run = parse_run(args, source, scale)
    for line in inputs.banner(source, scale, run.readings):
        print(line)
    import_tensorflow()
    from experiments.executors.local import run_all

    store = inputs.make_store(args)
    runs = catalog.with_dependencies([run], scale) if source.layout == "cityscapes" else [run]
    run_all(runs, store, inputs.make_library(args, source), scale, inputs.make_options(args))
    metrics = store.metrics(run)
    if metrics is None:
        raise InputError(f"{run} has no result: {store.failure(run)}")
    print(f"wrote {store.folder(run) / 'metrics.json'}")


def evaluate_command(args):
    """Evaluate a finished run again from its weights and compare with what it recorded."""
    run, folder, metrics, library = _finished_run(args)
    from experiments.execute import evaluate_again

    for name, value in evaluate_again(run, folder, library).items():
        recorded = metrics["headline"][name]
        print(f"{name:12s} {value:.6f}   recorded {recorded:.6f}   difference {value - recorded:+.1e}")


def samples_command(args):
    """Draw what a finished run predicts on some of its validation images."""
    out = Path(args.out).expanduser()
    if out.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError(f"{out}: name a .png, .pdf or .svg file.")
    run, folder, _, library = _finished_run(args)
    from reproduce.samples import write_samples

    write_samples(run, folder, library, out, args.count)
    print(f"wrote {out}")


def _finished_run(args):
    """(run, folder, metrics, library) of the RUN argument; imports TensorFlow."""
    folder = Path(args.run).expanduser().resolve()
    described, metrics = read_json(folder / "run.json"), read_json(folder / "metrics.json")
    if described is None or metrics is None:
        raise InputError(f"{folder} is not the folder of a finished run: it lacks run.json or metrics.json.")
    run = Run.from_dict(described)
    layout = "kitti" if "kitti" in run.dataset else "cityscapes"
    root = getattr(args, layout) or described["data"]["root"]
    args.runs = folder.parents[len(Path(run.folder).parts) - 1]
    import_tensorflow()
    return run, folder, metrics, inputs.make_library(args, inputs.Source(layout, Path(root).expanduser()))


def status_command(args):
    """List the runs of a runs folder and how far each is."""
    root = Path(args.runs).expanduser()
    described = sorted(root.glob("*/*/*/*/run.json"))
    failed = sorted(set(root.glob("*/*/*/*/failure.json")))
    for path in described:
        folder = path.parent
        metrics, failure = read_json(folder / "metrics.json"), read_json(folder / "failure.json")
        history = folder / "history.csv"
        epochs = max(0, len(history.read_text().splitlines()) - 1) if history.exists() else 0
        state = "done" if metrics else failure["reason"] if failure else "not finished"
        total = read_json(path)["schedule"]["epochs"]
        print(f"{folder.relative_to(root)!s:60s} {epochs:3d}/{total} epochs  {state}")
    for path in failed:
        if not (path.parent / "run.json").exists():
            print(f"{path.parent.relative_to(root)!s:60s} {read_json(path)['reason']}")
    if not described and not failed:
        print(f"no runs in {root}")


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


def parse_readings(pairs):
    """`Readings` from ``name=value`` pairs of ``--set``."""
    fields = {field.name: field for field in dataclasses.fields(Readings)}
    values = {}
    for pair in pairs or ():
        name, _, text = pair.partition("=")
        if name not in fields:
            raise InputError(f"--set {pair}: no such reading; choose from {', '.join(fields)}.")
        choices = CHOICES.get(name)
        try:
            values[name] = (
                next(c for c in choices if str(c).lower() == text.lower()) if choices else float(text)
            )
        except (StopIteration, ValueError):
            wanted = f"one of {', '.join(map(str, choices))}" if choices else "a number"
            raise InputError(f"--set {pair}: {name} is {wanted}.") from None
    return Readings(**values)


def parse_size(text):
    """(width, height) from ``1024x512``."""
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise InputError(f"--size {text}: give width and height, as in 1024x512.") from None
    return width, height


def parse_run(args, source, scale):
    """The run that the options of ``train`` describe."""
    letters = {"SS": "seg", "C": "color", "D": "depth"}
    names, _, weighting = args.row.partition("/")
    tasks = [letters.get(name) for name in names.split("+")]
    single = len(tasks) == 1
    if None in tasks or len(set(tasks)) != len(tasks) or single != (not weighting):
        raise InputError(f"--row {args.row}: write tasks and weighting, as in SS, D, SS+D/UW or SS+C+D/GS.")
    if not single and weighting not in catalog.WEIGHTINGS:
        raise InputError(f"--row {args.row}: the weighting is one of {', '.join(catalog.WEIGHTINGS)}.")
    if args.init not in INITS or (args.init == "CoarseCTS" and source.layout == "kitti"):
        raise InputError(f"--init {args.init}: not available for {source.layout}.")
    tasks = [task for task in letters.values() if task in tasks]
    run = catalog.make_run(
        inputs.dataset_label(source, scale), scale, tasks, weighting or "none", args.init, args.seed,
        parse_readings(args.set), source.layout,
    )  # fmt: skip
    changes = {"epochs": args.epochs, "batch_size": args.batch_size, "learning_rate": args.learning_rate}
    if args.size:
        changes["size"] = parse_size(args.size)
    changes = {name: value for name, value in changes.items() if value is not None}
    if min(changes.get("epochs", 1), changes.get("batch_size", 1)) < 1:
        raise InputError("--epochs and --batch-size are at least 1.")
    return dataclasses.replace(run, schedule=dataclasses.replace(run.schedule, **changes))
