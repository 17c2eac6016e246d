"""What the verbs of the command line do. TensorFlow is imported by those that train or evaluate."""

import dataclasses
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.records.json_files import read_record
from selfsup_segmentation.experiments.records.lock import holder
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.records.run_status import run_status
from selfsup_segmentation.experiments.records.staleness import changes
from selfsup_segmentation.experiments.records.store import Store, read_reason
from selfsup_segmentation.experiments.run import INITS, Run
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.execution import check_executor, run_all
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def scenes_command(args):
    """Write embedded street scenes in the layout of a data set."""
    from selfsup_segmentation.data import scenes

    progress = arguments.progress_line("rendering street scenes")
    size = arguments.parse_size(args.size or {"cityscapes": "512x256", "kitti": "1242x375"}[args.layout])
    out = arguments.named_path(args.out, "OUT")
    if args.layout == "kitti":
        scenes.write_kitti(out, args.count, size=size, seed=args.seed, progress=progress)
        return
    few = max(1, args.count // 4)
    counts = {"train": args.count, "val": few, "test": few, "train_extra": args.count}
    scenes.write_cityscapes(out, counts, size=size, seed=args.seed, progress=progress)


def train_command(args):
    """Train and evaluate one run."""
    source = arguments.open_source(args, "cityscapes" if args.kitti is None else "kitti")
    scale = arguments.choose_scale(args, source)
    run = parse_run(args, source, scale)
    for line in arguments.banner(source, scale, run.readings):
        print(line)
    check_executor(args)
    import_tensorflow()
    store = arguments.make_store(args, source)
    libraries = {run.dataset: arguments.make_library(args, source)}
    if not run_all(args, catalog.with_dependencies([run]), store, libraries):
        return
    metrics = store.metrics(run)
    if metrics is None:
        raise InputError(f"{run} has no result: {store.failure(run)}")
    print(f"wrote {store.folder(run) / 'metrics.json'}")


def evaluate_command(args):
    """Evaluate a finished run again from its weights and compare with what it recorded."""
    run, folder, metrics, library = finished_run(args)
    from selfsup_segmentation.experiments.execute import evaluate_again

    for name, value in evaluate_again(run, folder, library).items():
        recorded = metrics.headline[name]
        if value is not None:
            print(f"{name:12s} {value:.6f}   recorded {recorded:.6f}   difference {value - recorded:+.1e}")


def samples_command(args):
    """Draw what a finished run predicts on some of its validation images."""
    out = arguments.named_path(args.out, "OUT")
    if out.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError(f"{out}: name a .png, .pdf or .svg file.")
    if not out.parent.is_dir():
        raise InputError(f"{out}: the folder {out.parent} does not exist; make it first.")
    if args.count < 1:
        raise InputError("--count is at least 1.")
    run, folder, _, library = finished_run(args)
    arguments.refuse_in_data(out, "OUT", library.source)
    from selfsup_segmentation.reproduce.figures.samples import write_samples

    write_samples(run, folder, library, out, args.count)
    print(f"wrote {out}")


def read_run(args):
    """(run, folder, run.json, `Results`) of the RUN argument, which must be finished."""
    folder = arguments.named_path(args.run, "RUN").absolute()
    described, metrics = read_record(folder, "run.json"), Results.read(folder)
    if described is None or metrics is None:
        raise InputError(f"{folder} is not the folder of a finished run: it lacks run.json or metrics.json.")
    return Run.from_dict(described), folder, described, metrics


def finished_run(args):
    """(run, folder, metrics, library) of the RUN argument; imports TensorFlow."""
    run, folder, described, metrics = read_run(args)
    layout = catalog.layout_of(run.dataset)
    if getattr(args, layout) is None:
        setattr(args, layout, described["data"]["root"])
    if args.cache is None:
        made = Path(run.folder).parts
        folder = next((path for path in (folder, folder.resolve()) if path.parts[-len(made) :] == made), None)
        if folder is None:
            raise InputError(
                f"{args.run} is not where the run was made; say with --cache where to decode images."
            )
        args.runs = folder.parents[len(made) - 1]
    source = arguments.open_source(args, layout)
    import_tensorflow()
    return run, folder, metrics, arguments.make_library(args, source)


def status_command(args):
    """List the runs of a runs folder and how far each is."""
    root = arguments.named_path(args.runs, "--runs")
    files = ("run.json", "failure.json")
    folders = sorted({path.parent for name in files for path in root.glob(f"*/*/*/*/{name}")})
    for folder in folders:
        try:
            state = _state(folder, Store(root))
        except InputError as error:  # does not keep the others from being listed
            state = str(error)
        print(f"{folder.relative_to(root)!s:60s} {state}")
    if not folders:
        print(f"no runs in {root}")


def _state(folder, store):
    """How far the run of a folder is, in words."""
    described, reason = read_record(folder, "run.json"), read_reason(folder) or "not finished"
    if described is None:
        return reason
    run, signs, who = Run.from_dict(described), run_status(folder), holder(folder)
    state = reason
    if who:
        saved = "" if signs.step is None else f", saved at step {signs.step}"
        state = f"under way: {who}{saved}, last sign of life {signs.quiet_seconds:.0f} s ago"
    if read_record(folder, "metrics.json"):
        changed = changes(run, store)
        state = f"done, with {'; '.join(changed)}" if changed else "done"
    return f"{signs.epochs:3d}/{run.schedule.epochs} epochs  {state}"


def parse_run(args, source, scale):
    """The run that the options of ``train`` describe."""
    tasks, weighting = arguments.parse_row(args.row)
    if args.init not in INITS or (args.init == "CoarseCTS" and source.layout == "kitti"):
        raise InputError(f"--init {args.init}: not available for {source.layout}.")
    readings = arguments.kitti_readings(arguments.parse_readings(args), source, scale)
    run = catalog.make_run(
        catalog.dataset_label(source.name, scale), tasks, weighting, args.init, args.seed, readings,
    )  # fmt: skip
    changes = {"epochs": args.epochs, "batch_size": args.batch_size, "learning_rate": args.learning_rate}
    if args.size:
        changes["size"] = arguments.parse_size(args.size)
    changes = {name: value for name, value in changes.items() if value is not None}
    if min(changes.get("epochs", 1), changes.get("batch_size", 1)) < 1:
        raise InputError("--epochs and --batch-size are at least 1.")
    if not 0 < changes.get("learning_rate", 1e-3) < 1:
        raise InputError(f"--learning-rate {args.learning_rate}: a rate lies between 0 and 1.")
    irrelevant = set(readings.changed()) - set(run.readings.changed())
    if irrelevant:
        raise InputError(
            f"--set {', '.join(sorted(irrelevant))}: makes no difference to the training of {run.row} from "
            f"{run.init}; the tables take the readings of the evaluation."
        )
    return dataclasses.replace(run, schedule=dataclasses.replace(run.schedule, **changes))
