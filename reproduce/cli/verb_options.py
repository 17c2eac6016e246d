"""The options of each verb."""

import argparse
import textwrap

from selfsup_segmentation.experiments.readings import DECLARED
from selfsup_segmentation.experiments.run import INITS
from selfsup_segmentation.reproduce.bench import NAMES as COMPARISONS
from selfsup_segmentation.reproduce.cli.options import (
    FOLDERS,
    cache_option,
    data_options,
    init_option,
    out_options,
    reading_options,
    seed,
    start_option,
    training_options,
)

# What `all` makes, see `reproduce.cli.everything`; here without its imports.
ALL_VERBS = (
    "table1",
    "table2",
    "table3",
    "table4",
    "figures",
    "text-numbers",
    "claims",
    "grid-search",
    "readings",
)


def _all(parser):
    data_options(parser, "cityscapes", "kitti")
    parser.add_argument("--without", nargs="+", choices=ALL_VERBS, default=[], metavar="VERB")
    out_options(parser)
    training_options(parser, json=False)  # a plan for each verb


def _table1(parser):
    _table_options(parser, kitti=False)
    training_options(parser)


def _table3(parser):
    _table_options(parser, kitti=True)
    training_options(parser)


def _compare(parser):
    parser.add_argument("--table", type=int, choices=(1, 3), default=1)
    _table_options(parser, kitti=True)


def _table_options(parser, kitti):
    data_options(parser, "cityscapes", *(["kitti"] if kitti else []))
    if kitti:
        start_option(parser)
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows, e.g. SSrandom SS+D/UW")
    parser.add_argument("--init", nargs="+", choices=INITS)
    out_options(parser)


def _table2(parser):
    data_options(parser, "cityscapes")
    init_option(parser, INITS[1:])
    parser.add_argument("--submission", metavar="FILE.zip", help="also predict test, for the server")
    out_options(parser, seeds=False)
    cache_option(parser)


def _of_finished_runs(parser):
    data_options(parser, "cityscapes")
    out_options(parser)


def _figures(parser):
    data_options(parser, "cityscapes", "kitti")
    start_option(parser)
    init_option(parser, INITS[1:])
    parser.add_argument("--only", nargs="+", type=int, choices=(2, 3, 4), default=[2, 3, 4], metavar="N")
    out_options(parser, seeds=False)
    cache_option(parser)


def _text_numbers(parser):
    data_options(parser, "cityscapes")
    parser.add_argument("--inference-size", default="1024x512", metavar="WxH", help="of the timed image")
    out_options(parser)
    training_options(parser)


def _grid_search(parser):
    data_options(parser, "cityscapes")
    init_option(parser, INITS)
    out_options(parser)
    training_options(parser)


def _readings(parser):
    data_options(parser, "cityscapes", "kitti")
    start_option(parser)
    parser.add_argument("--table", type=int, choices=(1, 3), default=1, help="3 for the row on KITTI")
    parser.add_argument("--row", default="SS+D/GS", help="SS+D/GS, SS+C+D/UW, …")
    init_option(parser, INITS, demo="random")  # another reading would change the pre-training as well
    out_options(parser)
    training_options(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    listed = [f"  {name}: {reading.listed()} – {reading.help}" for name, reading in DECLARED.items()]
    wrapped = [textwrap.fill(line, 79, subsequent_indent="      ") for line in listed]
    parser.epilog = "\n".join(["readings for --set; the first value is the default:", *wrapped])


def _train(parser):
    data_options(parser, "cityscapes", "kitti", group=parser.add_mutually_exclusive_group())
    parser.add_argument("--row", required=True, help="tasks and weighting: SS, C, D, SS+D/GS, SS+C+D/UW, …")
    parser.add_argument("--init", default="random", help="random, ImageNet or CoarseCTS")
    parser.add_argument("--seed", type=seed, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--size", metavar="WxH", help="of the network's image, multiples of 32")
    reading_options(parser)
    training_options(parser, plan=False)


def _verify(parser):
    given = parser.add_mutually_exclusive_group(required=True)
    for layout, text in FOLDERS.items():
        given.add_argument(f"--{layout}", metavar="DIR", help=text)
    parser.add_argument("--runs", default="runs", metavar="DIR", help="where the report goes (runs)")
    parser.add_argument("--report", metavar="FILE.json", help="the report (RUNS/verify-NAME.json)")
    parser.add_argument("--fresh", action="store_true", help="check files again that were checked before")


def _evaluate(parser):
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    parser.add_argument("--cityscapes", metavar="DIR", help="where the data is now")
    parser.add_argument("--kitti", metavar="DIR", help="where the data is now")
    cache_option(parser)


def _samples(parser):
    _evaluate(parser)
    parser.add_argument("out", metavar="OUT", help="file: .png, .pdf or .svg")
    parser.add_argument("--count", type=int, default=4, help="images")


def _export(parser):
    _evaluate(parser)
    parser.add_argument("--format", required=True, choices=("keras", "savedmodel", "tflite", "onnx"))
    parser.add_argument("--out", metavar="PATH", help="file or folder (RUN/export/segmentation…)")
    parser.add_argument("--logits", action="store_true", help="logits as output rather than trainIds")


def _predict(parser):
    parser.add_argument("run", metavar="RUN", help="folder of the run; its data is not needed")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, or folders with all below them")
    parser.add_argument("--out", metavar="DIR", help="where they go (RUN/predictions)")
    parser.add_argument("--label-ids", action="store_true", help="label ids rather than trainIds")


def _status(parser):
    parser.add_argument("--runs", default="runs", metavar="DIR")


def _bench(parser):
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, metavar="NAME", help=", ".join(COMPARISONS))
    parser.add_argument("--quick", action="store_true", help="tiny amounts: does it work?")
    parser.add_argument("--repeat", type=int, metavar="N", help="rounds, all in turns (7)")
    parser.add_argument("--size", metavar="WxH", help="of the network's image (1024x512)")
    parser.add_argument("--batch", type=int, default=2, help="stereo pairs a step (2)")
    parser.add_argument("--runs", default="runs", metavar="DIR")
    parser.add_argument("--out", metavar="DIR", help="folder of bench.json and bench.md (RUNS/bench)")


def _scenes(parser):
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--layout", choices=("cityscapes", "kitti"), default="cityscapes")
    parser.add_argument("--count", type=int, default=32, help="frames to train on")
    parser.add_argument("--size", metavar="WxH", help="512x256, and 1242x375 for kitti")
    parser.add_argument("--seed", type=seed, default=0)


# Verb of `reproduce.cli.parser.VERBS` -> function that adds the verb's options to its parser.
OPTIONS = {
    "all": _all,
    "table1": _table1,
    "table3": _table3,
    "compare": _compare,
    "table2": _table2,
    "table4": _of_finished_runs,
    "claims": _of_finished_runs,
    "figures": _figures,
    "text-numbers": _text_numbers,
    "grid-search": _grid_search,
    "readings": _readings,
    "train": _train,
    "verify": _verify,
    "evaluate": _evaluate,
    "samples": _samples,
    "export": _export,
    "predict": _predict,
    "status": _status,
    "bench": _bench,
    "scenes": _scenes,
}
