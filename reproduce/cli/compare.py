"""``reproduce compare``: Table 1 or 3 of finished runs; no run is started."""

from selfsup_segmentation.reproduce.cli.options import start_option, table_options
from selfsup_segmentation.reproduce.cli.session import open_kitti, open_session
from selfsup_segmentation.reproduce.cli.show_table import select, show_table
from selfsup_segmentation.reproduce.tables import table1, table3


def add_options(parser):
    """Options of the verb."""
    parser.add_argument("--table", type=int, choices=(1, 3), help="1, or 3 for KITTI (1)")
    table_options(parser, "cityscapes", "kitti")
    start_option(parser)


def run(request):
    """Show the table."""
    if request.table == 3:
        session = open_kitti(request, train=False)
        module, runs = table3, session.table3_runs()
    else:
        session = open_session(request)
        module, runs = table1, session.table1_runs()
    return show_table(session, module, runs, select(runs, request))
