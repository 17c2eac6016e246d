"""``reproduce figures``: Figures 2, 3 and 4 from finished runs."""

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import Written, open_kitti, open_session
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow
from selfsup_segmentation.reproduce.published import BEST, BEST_KITTI


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes", "kitti")
    options.start(parser)
    options.init(parser, INITS[1:])
    parser.add_argument("--only", nargs="+", type=int, choices=(2, 3, 4), metavar="N", help="figures (2 3 4)")
    options.out(parser, seeds=False)
    options.cache(parser)


def run(request):
    """Draw the figures; one that lacks a run does not stop the others."""
    written, missing = [], []
    for number in request.only:
        try:
            written += _draw(number, request)
        except InputError as reason:
            missing.append(f"Figure {number}: {reason}")
    if missing:
        raise InputError(" ".join(missing))
    return Written(written)


def _draw(number, request):
    session = open_kitti(request, train=False) if number == 4 else open_session(request)
    session.refuse_readings_of_the_evaluation()
    init = session.init()
    if number == 4:
        runs = catalog.table3_runs(session.label, session.start, readings=session.readings)
    else:
        runs = catalog.table1_runs(session.label, readings=session.readings)
    by_row = {catalog.table_row(run): run for run in runs if run.init == init}
    rows = {2: [f"SS{init}", BEST[0]], 3: ["SS+C+D/GS"], 4: [f"SS{init}", BEST_KITTI[0]]}
    chosen = [by_row[row] for row in rows[number]]
    for run in chosen:
        if session.store.metrics(run) is None:
            reason = session.store.failure(run) or f"make it with reproduce table{3 if number == 4 else 1}"
            raise InputError(f"{run} is not finished: {reason}.")
    import_tensorflow()
    from selfsup_segmentation.reproduce.figures import figures

    notes, stem = session.notes_on(chosen), f"figure{number}-{session.label}"
    where = (session.store, session.data_library, notes, session.out, stem)
    if number == 3:
        return session.wrote(*figures.write_self_supervised_figure(*chosen, *where))
    return session.wrote(*figures.write_segmentation_figure(number, *chosen, *where))
