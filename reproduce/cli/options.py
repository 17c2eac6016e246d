"""Groups of options that several verbs have. Their defaults are those of `reproduce.cli.request.Request`."""

import argparse

from selfsup_segmentation.data.layouts import LAYOUTS
from selfsup_segmentation.experiments.readings import DECLARED
from selfsup_segmentation.experiments.run import INITS


def _number(kind, lowest, below, message):
    """Type of a number in [``lowest``, ``below``)."""

    def parse(text):
        value = kind(text)
        if not lowest <= value < below:
            raise argparse.ArgumentTypeError(message)
        return value

    parse.__name__ = kind.__name__  # of the message where it is no number at all
    return parse


seed = _number(int, 0, 2**31, "a seed is 0 or more")
count = _number(int, 1, 2**31, "at least 1")
_speed = _number(float, 1e-9, 1e9, "a speed is above 0")


def data(parser, *layouts, exclusive=False):
    """Data sets, runs folder and scale; with ``exclusive`` at most one of the data sets."""
    group = parser.add_mutually_exclusive_group() if exclusive else parser
    for layout in layouts:
        group.add_argument(f"--{layout}", metavar="DIR", help=f"folder with {LAYOUTS[layout].contents}")
    runs(parser, "where runs and decoded images go (runs)")
    parser.add_argument("--scale", choices=("demo", "paper"), help="paper with a data set, else demo")


def runs(parser, text="folder of all runs (runs)"):
    """The runs folder."""
    parser.add_argument("--runs", metavar="DIR", help=text)


def table(parser, *layouts):
    """Data, and which rows and initializations of a table."""
    data(parser, *layouts)
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows, e.g. SSrandom SS+D/UW")
    parser.add_argument("--init", dest="inits", nargs="+", choices=INITS, help="only these")
    out(parser)


def out(parser, seeds=True):
    """Where results go, and which seeds and readings they are of; without ``seeds`` it is seed 0."""
    if seeds:
        parser.add_argument("--seeds", nargs="+", type=seed, metavar="N", help="one run each (0)")
    parser.add_argument("--out", metavar="DIR", help="where results go (RUNS/tables)")
    readings(parser)


def init(parser, choices, demo="CoarseCTS"):
    """One initialization; ``demo`` is the default at demo scale, see `reproduce.cli.session.Session.init`."""
    text = f"ImageNet; at demo scale {demo}, which needs no file"
    parser.add_argument("--init", choices=choices, help=text)


def start(parser):
    """Where the runs are that runs on KITTI fine-tune."""
    text = "runs that those on KITTI fine-tune: runs/cityscapes"
    parser.add_argument("--cityscapes-runs", metavar="DIR", help=text)


def readings(parser):
    """Readings of the paper, and how numbers are computed."""
    text = "of the paper, as disp_scale=W; reproduce readings --help lists them"
    parser.add_argument("--set", nargs="+", metavar="NAME=VALUE", help=text)
    computing = parser.add_argument_group("how it is computed; other choices are other runs")
    for name in ("backbone", "precision"):
        reading = DECLARED[name]
        text = f"{reading.help}: {reading.listed()}"
        computing.add_argument(f"--{name}", choices=reading.choices, metavar="NAME", help=text)
    computing.add_argument("--devices", metavar="N|all", help=DECLARED["replicas"].help)
    for name in ("jit", "tf32"):
        computing.add_argument(f"--{name}", action="store_true", help=DECLARED[name].help)
    text = "kernels of a GPU whose sums may differ in the last digits each time"
    computing.add_argument("--nondeterministic", action="store_true", help=text)


def cache(parser):
    """Where decoded images go."""
    parser.add_argument("--cache", metavar="DIR|memory", help="decoded images; memory for small sets only")


def finished_run(parser):
    """A finished run and its data."""
    parser.add_argument("run", metavar="RUN", help="run directory")
    for layout in LAYOUTS:
        parser.add_argument(f"--{layout}", metavar="DIR", help="where the data is now")
    cache(parser)


def training(parser, plan=True, json=True):
    """How runs are executed and what is seen of it; ``plan`` and ``json`` add the options of a plan."""
    add = parser.add_argument
    if plan:
        add("--plan", action="store_true", help="print the runs and what is left; start none")
        add("--gpus", type=count, metavar="N", help="with --plan: hours on N GPUs")
        add("--tflops", type=_speed, metavar="S", help="with --plan: TFLOP/s of a GPU (as measured here)")
    if plan and json:
        add("--json", action="store_true", help="with --plan: for programs")
    add("--imagenet-weights", metavar="FILE|auto|none")
    cache(parser)
    add("--checkpoint-minutes", type=float, metavar="M", help="minutes between checkpoints (10)")
    add("--progress", choices=("auto", "bar", "lines", "none"))
    add("--no-tensorboard", action="store_true")
    add = parser.add_argument_group("where it is computed; docs/CLUSTER.md").add_argument
    text = "one run at a time, or a cluster"
    add("--executor", choices=("local", "ray"), default="local", help=text)
    add("--ray-address", metavar="HOST:PORT|auto", help="of a cluster; else one of this machine")
    add("--gpus-per-run", type=float, metavar="N", help="or a fraction (1 with GPUs)")
    add("--cpus-per-run", type=float, metavar="N", help="for its input (1)")
