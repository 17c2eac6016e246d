"""``reproduce``: one verb for each thing. ``reproduce VERB --help`` shows its options."""

import argparse
import importlib
import sys

from data.errors import InputError
from experiments.run import INITS


def main(argv=None):
    """Run the command line.

    Returns:
        Exit code: 0, or 2 after one sentence on what the user has to mend.
    """
    args = make_parser().parse_args(argv)
    module, function = args.command.split(":")
    try:
        getattr(importlib.import_module(f"reproduce.{module}"), function)(args)
    except InputError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("reproduce: interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


def make_parser():
    """The parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="reproduce",
        description="Reproduce 'Boosting semantic segmentation with multi-task self-supervised learning for "
        "autonomous driving applications' (Novosel, Viswanath, Arsenali; 2019).",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    for number in (1, 3):
        table = _add(
            verbs,
            f"table{number}",
            f"table_commands:table{number}_command",
            f"train what is missing of Table {number} and print it beside the published numbers",
        )
        _table_options(table, kitti=number == 3)
        table.add_argument("--plan", action="store_true", help="print the runs and what is left; start none")
        _training_options(table)

    compare = _add(
        verbs, "compare", "table_commands:compare_command", "print a table of what is finished; start no run"
    )
    compare.add_argument("--table", type=int, choices=(1, 3), default=1)
    _table_options(compare, kitti=True)

    table2 = _add(
        verbs, "table2", "table_commands:table2_command", "official scores of the baseline and the best row"
    )
    _data_options(table2)
    table2.add_argument("--init", choices=("ImageNet", "CoarseCTS"), default="ImageNet")
    table2.add_argument("--submission", metavar="FILE.zip", help="also predict test, for the server")
    table2.add_argument("--out", metavar="DIR", help="folder of the written table (RUNS/tables)")
    table2.set_defaults(seeds=[0])
    _reading_options(table2)
    _cache_option(table2)

    for verb, text in (
        ("table4", "print Table 4: other methods as published, this one as measured"),
        ("claims", "check what the paper's text says, on its numbers and on ours"),
    ):
        finished = _add(verbs, verb, f"table_commands:{verb}_command", text)
        _data_options(finished)
        finished.add_argument("--seeds", nargs="+", type=_seed, default=[0], metavar="N")
        finished.add_argument("--out", metavar="DIR", help="folder of the written files (RUNS/tables)")
        _reading_options(finished)

    train = _add(verbs, "train", "commands:train_command", "train and evaluate one run")
    _data_options(train, train.add_mutually_exclusive_group())
    train.add_argument("--row", required=True, help="tasks and weighting: SS, C, D, SS+D/GS, SS+C+D/UW, …")
    train.add_argument("--init", default="random", help="random, ImageNet or CoarseCTS")
    train.add_argument("--seed", type=_seed, default=0)
    train.add_argument("--epochs", type=int)
    train.add_argument("--batch-size", type=int)
    train.add_argument("--learning-rate", type=float)
    train.add_argument("--size", metavar="WxH", help="of the network's image, multiples of 32")
    _reading_options(train)
    _training_options(train)

    evaluate = _add(
        verbs, "evaluate", "commands:evaluate_command", "evaluate a finished run again from its weights"
    )
    samples = _add(verbs, "samples", "commands:samples_command", "draw predictions of a finished run")
    for finished in (evaluate, samples):
        finished.add_argument("run", metavar="RUN", help="folder of the run")
        finished.add_argument("--cityscapes", metavar="DIR", help="where the data is now")
        finished.add_argument("--kitti", metavar="DIR", help="where the data is now")
        _cache_option(finished)
    samples.add_argument("out", metavar="OUT", help="file: .png, .pdf or .svg")
    samples.add_argument("--count", type=int, default=4, help="images")

    status = _add(verbs, "status", "commands:status_command", "list the runs and how far each is")
    status.add_argument("--runs", default="runs", metavar="DIR")

    scenes = _add(verbs, "scenes", "commands:scenes_command", "write embedded street scenes as a data set")
    scenes.add_argument("out", metavar="OUT")
    scenes.add_argument("--layout", choices=("cityscapes", "kitti"), default="cityscapes")
    scenes.add_argument("--count", type=int, default=32, help="frames to train on")
    scenes.add_argument("--size", metavar="WxH", help="512x256, and 1242x375 for kitti")
    scenes.add_argument("--seed", type=_seed, default=0)
    return parser


def _add(verbs, name, command, text):
    parser = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command)
    return parser


def _table_options(parser, kitti):
    _data_options(parser)
    if kitti:
        parser.add_argument("--cityscapes-runs", metavar="DIR", help="runs to go on from: runs/cityscapes")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows, e.g. SSrandom SS+D/UW")
    parser.add_argument("--init", nargs="+", choices=INITS)
    parser.add_argument("--seeds", nargs="+", type=_seed, default=[0], metavar="N")
    parser.add_argument("--out", metavar="DIR", help="folder of the written table (RUNS/tables)")
    _reading_options(parser)


def _seed(text):
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError("a seed is 0 or more")
    return value


def _data_options(parser, group=None):
    group = group or parser
    group.add_argument("--cityscapes", metavar="DIR", help="folder with leftImg8bit, gtFine, …")
    group.add_argument("--kitti", metavar="DIR", help="folder with training/image_2, semantic, …")
    parser.add_argument(
        "--runs", default="runs", metavar="DIR", help="where runs and decoded images go (runs)"
    )
    parser.add_argument("--scale", choices=("demo", "paper"), help="paper with a data set, else demo")


def _reading_options(parser):
    parser.add_argument(
        "--set", nargs="+", metavar="NAME=VALUE", help="readings of the paper: disp_scale=W …"
    )


def _cache_option(parser):
    parser.add_argument("--cache", metavar="DIR|memory", help="decoded images; memory for small sets only")


def _training_options(parser):
    parser.add_argument("--imagenet-weights", default="auto", metavar="FILE|auto|none")
    _cache_option(parser)
    parser.add_argument(
        "--checkpoint-minutes", type=float, default=10.0, metavar="M", help="at most this is lost"
    )
    parser.add_argument("--progress", choices=("auto", "bar", "lines", "none"), default="auto")
    parser.add_argument("--no-tensorboard", action="store_true")


if __name__ == "__main__":
    sys.exit(main())
