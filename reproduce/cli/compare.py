"""``reproduce compare``: Table 1 or 3 of finished runs; no run is started."""

from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import open_kitti, open_session
from selfsup_segmentation.reproduce.cli.show_table import show_table
from selfsup_segmentation.reproduce.tables import table1, table3


def add_options(parser):
    """Options of the verb."""
    parser.add_argument("--table", type=int, choices=(1, 3), help="1, or 3 for KITTI (1)")
    options.table(parser, "cityscapes", "kitti")
    options.start(parser)


def run(request):
    """Show the table."""
    if request.table == 3:
        session = open_kitti(request, train=False)
        return show_table(session, table3, session.table3_runs(), train=False)
    session = open_session(request)
    return show_table(session, table1, session.table1_runs(), train=False)
