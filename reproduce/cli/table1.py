"""``reproduce table1``: the Cityscapes validation set."""

from selfsup_segmentation.reproduce.cli.options import table_options, training_options
from selfsup_segmentation.reproduce.cli.session import Written, open_session
from selfsup_segmentation.reproduce.cli.show_table import select, show_table
from selfsup_segmentation.reproduce.tables import table1


def add_options(parser):
    """Options of the verb."""
    table_options(parser, "cityscapes")
    training_options(parser)


def run(request):
    """Execute what is missing of Table 1 and show it."""
    session = open_session(request)
    runs = session.table1_runs()
    chosen = select(runs, request)
    return show_table(session, table1, runs, chosen) if session.execute(chosen) else Written()
