"""``reproduce all``: every table, figure and study into one folder, with a page that shows them."""

import dataclasses
import time
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.parser import module_of, parse
from selfsup_segmentation.reproduce.report.index import Part, write_index

CITYSCAPES, KITTI = "cityscapes", "kitti"

# (heading, verb, data set, options beside the common ones); each after those that make the runs it needs.
PARTS = (
    ("Table 1: Cityscapes", "table1", CITYSCAPES, {}),
    ("Table 2: official scores", "table2", CITYSCAPES, {}),
    ("Figures 2 and 3", "figures", CITYSCAPES, {"only": (2, 3)}),
    ("Table 3: KITTI", "table3", KITTI, {}),
    ("Figure 4", "figures", KITTI, {"only": (4,)}),
    ("Table 4: other methods", "table4", CITYSCAPES, {}),
    ("Numbers in the text", "text-numbers", CITYSCAPES, {}),
    ("The claims of the text", "claims", CITYSCAPES, {}),
    ("Grid search", "grid-search", CITYSCAPES, {}),
    ("Readings of the paper, Cityscapes", "readings", CITYSCAPES, {"table": 1}),
    ("Readings of the paper, KITTI", "readings", KITTI, {"table": 3, "row": "SS+D/UW"}),
)


def add_options(parser):
    """Options of the verb."""
    options.data(parser, CITYSCAPES, KITTI)
    verbs = tuple(dict.fromkeys(verb for _, verb, _, _ in PARTS))
    parser.add_argument("--without", nargs="+", choices=verbs, metavar="VERB", help=", ".join(verbs))
    options.out(parser)
    options.training(parser, json=False)  # a plan for each verb


def run(request):
    """Make every part; a part that fails does not stop the others, but the exit code is 2."""
    chosen = [spec for spec in PARTS if spec[1] not in request.without]
    parts = [Part(heading, verb) for heading, verb, _, _ in chosen]
    folder = arguments.make_folder(request.out or Path(request.runs) / "tables", "--out")
    request = dataclasses.replace(request, out=str(folder))
    rewrites = []  # of pages that show figures, and were written before those
    for part, (heading, verb, data, changes) in zip(parts, chosen, strict=True):
        print(f"\n=== {heading} (reproduce {verb})", flush=True)
        started = time.monotonic()
        try:
            written = _make(dataclasses.replace(request, verb=verb, **changes), data)
        except InputError as error:
            part.reason = str(error)
            print(f"left out: {error}")
        else:
            part.paths = written.paths if written else ()
            rewrites += [written.rewrite] if written and written.rewrite else []
        if verb == "figures":
            for rewrite in rewrites:
                rewrite()
            rewrites.clear()
        part.seconds = time.monotonic() - started
        if not request.plan:
            write_index(parts, folder)
    if request.plan:
        return
    index = folder / "index.html"
    print(f"\nwrote {index}")
    failed = [part.heading for part in parts if part.reason]
    if failed:
        raise InputError(f"not made: {', '.join(failed)}; {index} says why.")


def _make(request, data):
    """Run a verb on its data set; without any data set, on embedded scenes."""
    other = KITTI if data == CITYSCAPES else CITYSCAPES
    if getattr(request, data) is None and getattr(request, other) is not None:
        raise InputError(f"no --{data} was given.")
    if request.plan and parse([request.verb]).executor is None:
        print("trains nothing")
        return None
    return module_of(request.verb).run(request)
