"""Options that several verbs have."""

import argparse

from selfsup_segmentation.experiments.readings import DECLARED

FOLDERS = {
    "cityscapes": "folder with leftImg8bit, gtFine, …",
    "kitti": "folder with training/image_2, semantic, …",
}


def seed(text):
    """The type of a seed."""
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError("a seed is 0 or more")
    return value


def _count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _speed(text):
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError("a speed is above 0")
    return value


def data_options(parser, *layouts, group=None):
    """Data sets, runs folder and scale; a ``group`` takes the data sets where one excludes the other."""
    for layout in layouts:
        (group or parser).add_argument(f"--{layout}", metavar="DIR", help=FOLDERS[layout])
    parser.add_argument(
        "--runs", default="runs", metavar="DIR", help="where runs and decoded images go (runs)"
    )
    parser.add_argument("--scale", choices=("demo", "paper"), help="paper with a data set, else demo")


def out_options(parser, seeds=True):
    """Where tables go, of which seeds and readings they are; without ``seeds`` it is seed 0."""
    if seeds:
        parser.add_argument("--seeds", nargs="+", type=seed, default=[0], metavar="N")
    else:
        parser.set_defaults(seeds=[0])
    parser.add_argument("--out", metavar="DIR", help="folder of what is written (RUNS/tables)")
    reading_options(parser)


def init_option(parser, choices, demo="CoarseCTS"):
    """One initialization; ``demo`` is the default at demo scale."""
    text = f"ImageNet; at demo scale {demo}, which needs no file"
    parser.add_argument("--init", choices=choices, help=text)
    parser.set_defaults(demo_init=demo)


def start_option(parser):
    """Where the runs are that those on KITTI go on from."""
    parser.add_argument(
        "--cityscapes-runs", metavar="DIR", help="runs that those on KITTI go on from: runs/cityscapes"
    )


def reading_options(parser):
    """Readings of the paper, and how numbers are computed."""
    parser.add_argument(
        "--set",
        nargs="+",
        metavar="NAME=VALUE",
        help="of the paper, as disp_scale=W; reproduce readings --help lists them",
    )
    computing = parser.add_argument_group("how it is computed; other choices are other runs")
    for name in ("backbone", "precision"):
        reading = DECLARED[name]
        text = f"{reading.help}: {reading.listed()}"
        computing.add_argument(f"--{name}", choices=reading.choices, metavar="NAME", help=text)
    computing.add_argument("--devices", metavar="N|all", help=DECLARED["replicas"].help)
    for name in ("jit", "tf32"):
        computing.add_argument(f"--{name}", action="store_true", help=DECLARED[name].help)


def cache_option(parser):
    """Where decoded images go."""
    parser.add_argument("--cache", metavar="DIR|memory", help="decoded images; memory for small sets only")


def training_options(parser, plan=True, json=True):
    """How runs are carried out and what is seen of it; ``plan`` and ``json`` add the options of a plan."""
    if plan:
        parser.add_argument("--plan", action="store_true", help="print the runs and what is left; start none")
        parser.add_argument("--gpus", type=_count, metavar="N", help="with --plan: hours on so many")
        parser.add_argument("--tflops", type=_speed, metavar="S", help="of one; else as measured here")
    if plan and json:
        parser.add_argument("--json", action="store_true", help="with --plan: for programs")
    parser.add_argument("--imagenet-weights", default="auto", metavar="FILE|auto|none")
    cache_option(parser)
    parser.add_argument(
        "--checkpoint-minutes", type=float, default=10.0, metavar="M", help="at most this is lost"
    )
    parser.add_argument("--progress", choices=("auto", "bar", "lines", "none"), default="auto")
    parser.add_argument("--no-tensorboard", action="store_true")
    where = parser.add_argument_group("where it is computed; docs/CLUSTER.md")
    where.add_argument(
        "--executor", choices=("local", "ray"), default="local", help="one run at a time, or a cluster"
    )
    where.add_argument(
        "--ray-address", metavar="HOST:PORT|auto", help="of a cluster; else one of this machine"
    )
    where.add_argument("--gpus-per-run", type=float, metavar="N", help="or a fraction (1, if there are GPUs)")
    where.add_argument("--cpus-per-run", type=float, metavar="N", help="for its input (1)")
