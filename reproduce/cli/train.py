"""``reproduce train``: train and evaluate one run."""

import dataclasses

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.execution import run_all
from selfsup_segmentation.reproduce.cli.session import open_session


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes", "kitti", exclusive=True)
    parser.add_argument("--row", required=True, help="tasks and weighting: SS, C, D, SS+D/GS, SS+C+D/UW, …")
    parser.add_argument("--init", default="random", help="random, ImageNet or CoarseCTS (random)")
    parser.add_argument("--seed", type=options.seed, help="(0)")
    parser.add_argument("--epochs", type=int, help="instead of the paper's, as all of the schedule below")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--size", metavar="WxH", help="of the network's image, multiples of 32")
    options.readings(parser)
    options.training(parser, plan=False)


def run(request):
    """Train and evaluate the run, and those that it depends on."""
    session = open_session(request, "cityscapes" if request.kitti is None else "kitti")
    run = make_run(request, session)
    for line in session.notes:
        print(line)
    if not run_all(request, catalog.with_dependencies([run]), session.store, session.libraries):
        return
    if session.store.metrics(run) is None:
        raise InputError(f"{run} has no result: {session.store.failure(run)}")
    print(f"wrote {session.store.folder(run) / 'metrics.json'}")


def make_run(request, session):
    """The run that the options describe."""
    tasks, weighting = arguments.parse_row(request.row)
    layout, readings = session.source.layout, session.readings
    if request.init not in INITS or (request.init == "CoarseCTS" and "train_extra" not in layout.splits):
        raise InputError(f"--init {request.init}: not available for {layout.name}.")
    run = catalog.make_run(session.label, tasks, weighting, request.init, request.seed, readings)
    if irrelevant := readings.changed().keys() - run.readings.changed().keys():
        raise InputError(
            f"--set {', '.join(sorted(irrelevant))}: makes no difference to the training of {run.row} from "
            f"{run.init}; the tables take the readings of the evaluation."
        )
    return dataclasses.replace(run, schedule=_schedule(run.schedule, request))


def _schedule(schedule, request):
    names = ("epochs", "batch_size", "learning_rate")
    changes = {name: value for name in names if (value := getattr(request, name)) is not None}
    if request.size:
        changes["size"] = arguments.parse_size(request.size)
    if min(changes.get("epochs", 1), changes.get("batch_size", 1)) < 1:
        raise InputError("--epochs and --batch-size are at least 1.")
    if not 0 < changes.get("learning_rate", 1e-3) < 1:
        raise InputError(f"--learning-rate {request.learning_rate}: a rate lies between 0 and 1.")
    return dataclasses.replace(schedule, **changes)
