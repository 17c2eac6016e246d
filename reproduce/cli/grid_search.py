"""``reproduce grid-search``: the paper's 24 combinations of weights, and the best of each set of tasks."""

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import Written, open_session
from selfsup_segmentation.reproduce.tables import grid_search
from selfsup_segmentation.reproduce.tables.grid_picks import row_name


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes")
    options.init(parser, INITS)
    options.out(parser)
    options.training(parser)


def run(request):
    """Execute what is missing of the search; show its numbers and picks, and draw a heat map."""
    session = open_session(request)
    init, stem = session.init(), f"grid-search-{session.init()}"
    runs = catalog.grid_search_runs(session.label, init, request.seeds, session.readings)
    if not session.execute(runs):
        return Written()
    alone = [*session.single_task_runs(), *session.table1_runs()]
    alone = [run for run in alone if len(run.tasks) == 1 and run.init == init]
    measured, reasons = session.collect([*runs, *alone], name=row_name)
    notes = session.notes_on([*runs, *alone])
    from selfsup_segmentation.reproduce.figures import heat_map  # brings matplotlib

    table = grid_search.build(runs, measured, reasons, init, notes)
    pictures = heat_map.write_heat_map(runs, measured, init, notes, session.out, f"{stem}-{session.label}")
    return session.show(table, stem, *pictures, shown=[(row_name(run), run) for run in [*runs, *alone]])
