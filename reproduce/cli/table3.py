"""``reproduce table3``: each run of Table 1, fine-tuned on KITTI."""

from selfsup_segmentation.reproduce.cli.options import start_option, table_options, training_options
from selfsup_segmentation.reproduce.cli.session import Written, open_kitti
from selfsup_segmentation.reproduce.cli.show_table import select, show_table
from selfsup_segmentation.reproduce.tables import table3


def add_options(parser):
    """Options of the verb."""
    table_options(parser, "cityscapes", "kitti")
    start_option(parser)
    training_options(parser)


def run(request):
    """Execute what is missing of Table 3 and show it."""
    session = open_kitti(request)
    runs = session.table3_runs()
    chosen = select(runs, request)
    return show_table(session, table3, runs, chosen) if session.execute(chosen) else Written()
