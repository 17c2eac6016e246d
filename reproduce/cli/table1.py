"""``reproduce table1``: the Cityscapes validation set."""

from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import open_session
from selfsup_segmentation.reproduce.cli.show_table import show_table
from selfsup_segmentation.reproduce.tables import table1


def add_options(parser):
    """Options of the verb."""
    options.table(parser, "cityscapes")
    options.training(parser)


def run(request):
    """Execute what is missing of Table 1 and show it."""
    session = open_session(request)
    return show_table(session, table1, session.table1_runs())
