"""``reproduce all``: every table, figure and study into one folder, with a page that shows them."""

import argparse
import importlib
import time
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.parser import make_parser
from selfsup_segmentation.reproduce.report.index import Part, write_index

CITYSCAPES, KITTI = "cityscapes", "kitti"

# (heading, verb, data that it is about, options beside the common ones), in an order in which each finds the
# runs that it needs.
PARTS = (
    ("Table 1: Cityscapes", "table1", CITYSCAPES, {}),
    ("Table 2: official scores", "table2", CITYSCAPES, {}),
    ("Figures 2 and 3", "figures", CITYSCAPES, {"only": [2, 3]}),
    ("Table 3: KITTI", "table3", KITTI, {}),
    ("Figure 4", "figures", KITTI, {"only": [4]}),
    ("Table 4: other methods", "table4", CITYSCAPES, {}),
    ("Numbers in the text", "text-numbers", CITYSCAPES, {}),
    ("The claims of the text", "claims", CITYSCAPES, {}),
    ("Grid search", "grid-search", CITYSCAPES, {}),
    ("Readings of the paper, Cityscapes", "readings", CITYSCAPES, {"table": 1}),
    ("Readings of the paper, KITTI", "readings", KITTI, {"table": 3, "row": "SS+D/UW"}),
)


def all_command(args):
    """Make every part; one that cannot be made does not stop the others, but makes the exit code 2."""
    chosen = [spec for spec in PARTS if spec[1] not in args.without]
    parts = [Part(heading, verb) for heading, verb, _, _ in chosen]
    folder = arguments.make_folder(args.out or Path(args.runs) / "tables", "--out")
    pages = []  # functions that write the pages of tables again
    for part, (heading, verb, data, options) in zip(parts, chosen, strict=True):
        print(f"\n=== {heading} (reproduce {verb})", flush=True)
        reason = _left_out(args, data)
        started = time.monotonic()
        if reason is None:
            try:
                part.paths = _run(verb, args, folder, options | {"pages": pages})
            except InputError as error:
                reason = str(error)
        if verb == "figures":  # which the pages made before it show
            for write_page in pages:
                write_page()
            pages.clear()
        part.seconds, part.reason = time.monotonic() - started, reason
        if reason:
            print(f"left out: {reason}")
        if not args.plan:
            write_index(parts, folder)
    if args.plan:
        return []
    index = folder / "index.html"
    print(f"\nwrote {index}")
    failed = [part.heading for part in parts if part.reason]
    if failed:
        raise InputError(f"not made: {', '.join(failed)}; {index} says why.")
    return [index]


def _left_out(args, data):
    """Why a part is not for the data that was given, or None. With no data set at all there are scenes."""
    other = KITTI if data == CITYSCAPES else CITYSCAPES
    if getattr(args, data) is None and getattr(args, other) is not None:
        return f"no --{data} was given."
    return None


def _run(verb, args, folder, options):
    """Run a verb with the options of ``all`` that it has."""
    own = vars(make_parser().parse_args([verb]))
    if args.plan and "plan" not in own:
        print("trains nothing")
        return []
    shared = {name: value for name, value in vars(args).items() if name in own}
    shared |= {"out": str(folder), "verb": verb, "command": own["command"]}
    module, function = own["command"].split(":")
    command = getattr(importlib.import_module(f"selfsup_segmentation.reproduce.{module}"), function)
    return command(argparse.Namespace(**own | shared | options))
