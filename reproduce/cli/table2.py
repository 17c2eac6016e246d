"""``reproduce table2``: official scores of the baseline and the best row, and a file for the server."""

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.session import open_session
from selfsup_segmentation.reproduce.published import BEST
from selfsup_segmentation.reproduce.tables import official, table2


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes")
    options.init(parser, INITS[1:])
    parser.add_argument("--submission", metavar="FILE.zip", help="also predict test, for the server")
    options.out(parser, seeds=False)
    options.cache(parser)


def run(request):
    """Show official scores on val, and write a submission where one is asked for."""
    session = open_session(request)
    session.refuse_readings_of_the_evaluation()
    submission = request.submission
    if submission is not None:
        submission = arguments.named_path(submission, "--submission")
        if submission.suffix != ".zip" or not submission.parent.is_dir():
            raise InputError(f"--submission {submission}: name a .zip file in a folder that exists.")
    init, store = session.init(), session.store
    runs = reversed(session.table1_runs())  # of several seeds the first remains
    by_row = {catalog.table_row(run): run for run in runs if run.init == init}
    chosen = {"SSImageNet": by_row[f"SS{init}"], "Best": by_row[BEST[0]]}
    notes = session.notes_on(chosen.values())
    _, remarks = session.collect(chosen.values())
    for line in notes:
        print(line)
    measured, reasons = {}, {}
    for name, run in chosen.items():
        if store.metrics(run) is None:
            reasons[name, init] = store.failure(run) or f"{run} is not finished: reproduce table1"
        else:
            scores = official.scores_of(run, store, lambda: session.data_library, _progress)
            measured[name, init] = {run.seed: scores}
            reasons[name, init] = remarks.get((catalog.table_row(run), run.init))
    table = table2.build(measured, reasons, init, notes)
    written = session.show(table, "table2", shown=list(chosen.items()))
    if submission:
        best = chosen["Best"]
        if store.metrics(best) is None:
            raise InputError(f"--submission: {best} is not finished; run reproduce table1 first.")
        count = official.write_submission(submission, best, store, session.data_library, _progress)
        print(f"wrote {submission}: {count} images")
    return written


def _progress(run, split):
    return arguments.progress_line(f"predicting {split}, {run.row}")
