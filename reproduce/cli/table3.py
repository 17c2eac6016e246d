"""``reproduce table3``: each run of Table 1, fine-tuned on KITTI."""

from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import open_kitti
from selfsup_segmentation.reproduce.cli.show_table import show_table
from selfsup_segmentation.reproduce.tables import table3


def add_options(parser):
    """Options of the verb."""
    options.table(parser, "cityscapes", "kitti")
    options.start(parser)
    options.training(parser)


def run(request):
    """Execute what is missing of Table 3 and show it."""
    session = open_kitti(request)
    return show_table(session, table3, session.table3_runs())
