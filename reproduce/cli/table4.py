"""``reproduce table4``: other methods as published, this one as measured."""

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.session import open_session
from selfsup_segmentation.reproduce.tables import table4


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes")
    options.out(parser)


def run(request):
    """Show Table 4 of finished runs."""
    session = open_session(request)
    runs = session.table1_runs()
    names = {address: name for name, address in table4.OURS.items()}
    by_address = [((catalog.table_row(run), run.init), run) for run in runs]
    shown = [(names[address], run) for address, run in by_address if address in names]
    measured, reasons = session.collect(runs)
    notes = session.notes_on([run for _, run in shown])
    table = table4.build(measured, reasons, notes, session.readings.eval_resolution)
    return session.show(table, "table4", shown=shown)
