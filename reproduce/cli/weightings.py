"""``reproduce weightings``: each set of tasks under every weighting, those for one main task included."""

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import Written, open_session
from selfsup_segmentation.reproduce.cli.show_table import select
from selfsup_segmentation.reproduce.tables import weightings

DEMO_INIT = "random"  # the pre-training has a weighting of its own


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows, e.g. SSrandom SS+D/GS")
    options.init(parser, INITS, DEMO_INIT)
    options.out(parser)
    options.training(parser)


def run(request):
    """Execute what is missing of the rows, and show each weighting beside the single task and beside GS."""
    session = open_session(request)
    init = session.init(DEMO_INIT)
    runs = catalog.weighting_runs(session.label, init, request.seeds, session.readings)
    chosen = select(runs, request)
    if not session.execute(chosen):
        return Written()
    others = {run.folder: "not asked for" for run in runs if run not in chosen}
    measured, reasons = session.collect(runs, unavailable=others)
    rates = weightings.training_speeds(runs, session.store)
    table = weightings.build(runs, measured, reasons, init, rates, session.notes_on(runs))
    shown = [(catalog.table_row(run), run) for run in runs]
    return session.show(table, f"weightings-{init}", shown=shown)
