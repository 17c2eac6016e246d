"""``reproduce readings``: one row under each other reading of the paper, one at a time."""

import argparse
import dataclasses
import textwrap

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import DECLARED
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.session import Written, open_kitti, open_session
from selfsup_segmentation.reproduce.tables import readings_table

DEMO_INIT = "random"  # another reading would change the pre-training as well


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes", "kitti")
    options.start(parser)
    parser.add_argument("--table", type=int, choices=(1, 3), help="3 for the row on KITTI (1)")
    parser.add_argument("--row", help="tasks and weighting: SS+C+D/UW, … (SS+D/GS)")
    options.init(parser, INITS, DEMO_INIT)
    options.out(parser)
    options.training(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    listed = [f"  {name}: {reading.listed()} – {reading.help}" for name, reading in DECLARED.items()]
    wrapped = [textwrap.fill(line, 79, subsequent_indent="      ") for line in listed]
    parser.epilog = "\n".join(["readings for --set; the first value is the default:", *wrapped])


def run(request):
    """Execute what is missing of the row under each reading, and show how much each matters."""
    session = open_kitti(request) if request.table == 3 else open_session(request)
    (tasks, weighting), init = arguments.parse_row(request.row), session.init(DEMO_INIT)

    def make(seed, readings):
        return catalog.make_run(session.label, tasks, weighting, init, seed, readings, start=session.start)

    variants = readings_table.variants(make, session.readings, request.seeds)
    variants, refused = readings_table.allowed(variants, session.source, session.store)
    session = dataclasses.replace(session, notes=[*session.notes, *refused])
    runs = list(dict.fromkeys(run for variant in variants for run in variant.runs))
    if not session.execute(runs):
        return Written()
    table = readings_table.build(variants, session.store, session.notes_on(runs), session.fingerprint)
    stem = f"readings-{request.row.replace('/', '-')}-{init}"
    shown = [(variant.name, run) for variant in variants for run in variant.runs]
    return session.show(table, stem, shown=shown)
