"""The command line: verbs and their options. It imports nothing that takes time, for ``--help``."""

import argparse

from experiments.readings import BACKBONES
from experiments.run import INITS
from reproduce.bench import NAMES as COMPARISONS

# What `all` makes, see `reproduce.everything`; here, so that --help needs no import.
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


def make_parser():
    """The parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="reproduce",
        description="Reproduce 'Boosting semantic segmentation with multi-task self-supervised learning for "
        "autonomous driving applications' (Novosel, Viswanath, Arsenali; 2019).",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    everything = _add(verbs, "all", "everything:all_command", "make all that is below, and a page of it")
    _data_options(everything, "cityscapes", "kitti")
    everything.add_argument("--without", nargs="+", choices=ALL_VERBS, default=[], metavar="VERB")
    _out_options(everything)
    _training_options(everything, json=False)  # a plan for each verb

    for number in (1, 3):
        table = _add(
            verbs,
            f"table{number}",
            f"table_commands:table{number}_command",
            f"train what is missing of Table {number} and print it beside the published numbers",
        )
        _table_options(table, kitti=number == 3)
        _training_options(table)

    compare = _add(
        verbs, "compare", "table_commands:compare_command", "print a table of what is finished; start no run"
    )
    compare.add_argument("--table", type=int, choices=(1, 3), default=1)
    _table_options(compare, kitti=True)

    table2 = _add(
        verbs, "table2", "table_commands:table2_command", "official scores of the baseline and the best row"
    )
    _data_options(table2, "cityscapes")
    _init_option(table2, INITS[1:])
    table2.add_argument("--submission", metavar="FILE.zip", help="also predict test, for the server")
    _out_options(table2, seeds=False)
    _cache_option(table2)

    for verb, text in (
        ("table4", "print Table 4: other methods as published, this one as measured"),
        ("claims", "check what the paper's text says, on its numbers and on ours"),
    ):
        finished = _add(verbs, verb, f"table_commands:{verb}_command", text)
        _data_options(finished, "cityscapes")
        _out_options(finished)

    figures = _add(
        verbs, "figures", "study_commands:figures_command", "draw Figures 2, 3 and 4 from finished runs"
    )
    _data_options(figures, "cityscapes", "kitti")
    _start_option(figures)
    _init_option(figures, INITS[1:])
    figures.add_argument("--only", nargs="+", type=int, choices=(2, 3, 4), default=[2, 3, 4], metavar="N")
    _out_options(figures, seeds=False)
    _cache_option(figures)

    numbers = _add(
        verbs,
        "text-numbers",
        "study_commands:text_numbers_command",
        "color alone, depth alone, the 1×1 embedding, and the cost of inference",
    )
    _data_options(numbers, "cityscapes")
    numbers.add_argument("--inference-size", default="1024x512", metavar="WxH", help="of the timed image")
    _out_options(numbers)
    _training_options(numbers)

    search = _add(
        verbs,
        "grid-search",
        "study_commands:grid_search_command",
        "the paper's 24 combinations of weights, and the picks",
    )
    _data_options(search, "cityscapes")
    _init_option(search, INITS)
    _out_options(search)
    _training_options(search)

    readings = _add(
        verbs,
        "readings",
        "study_commands:readings_command",
        "one row under each other reading of the paper, one at a time",
    )
    _data_options(readings, "cityscapes", "kitti")
    _start_option(readings)
    readings.add_argument("--table", type=int, choices=(1, 3), default=1, help="3 for the row on KITTI")
    readings.add_argument("--row", default="SS+D/GS", help="SS+D/GS, SS+C+D/UW, …")
    _init_option(readings, INITS, demo="random")  # another reading would change the pre-training as well
    _out_options(readings)
    _training_options(readings)

    train = _add(verbs, "train", "commands:train_command", "train and evaluate one run")
    _data_options(train, "cityscapes", "kitti", group=train.add_mutually_exclusive_group())
    train.add_argument("--row", required=True, help="tasks and weighting: SS, C, D, SS+D/GS, SS+C+D/UW, …")
    train.add_argument("--init", default="random", help="random, ImageNet or CoarseCTS")
    train.add_argument("--seed", type=_seed, default=0)
    train.add_argument("--epochs", type=int)
    train.add_argument("--batch-size", type=int)
    train.add_argument("--learning-rate", type=float)
    train.add_argument("--size", metavar="WxH", help="of the network's image, multiples of 32")
    _reading_options(train)
    _training_options(train, plan=False)

    verify = _add(verbs, "verify", "verify_command:verify_command", "is a data set whole? names what is not")
    given = verify.add_mutually_exclusive_group(required=True)
    for layout, text in _FOLDERS.items():
        given.add_argument(f"--{layout}", metavar="DIR", help=text)
    verify.add_argument("--runs", default="runs", metavar="DIR", help="where the report goes (runs)")
    verify.add_argument("--report", metavar="FILE.json", help="the report (RUNS/verify-NAME.json)")
    verify.add_argument("--fresh", action="store_true", help="check files again that were checked before")

    evaluate = _add(
        verbs, "evaluate", "commands:evaluate_command", "evaluate a finished run again from its weights"
    )
    samples = _add(verbs, "samples", "commands:samples_command", "draw predictions of a finished run")
    export = _add(
        verbs, "export", "export_command:export_command", "write a run's segmentation network for others"
    )
    for finished in (evaluate, samples, export):
        finished.add_argument("run", metavar="RUN", help="folder of the run")
        finished.add_argument("--cityscapes", metavar="DIR", help="where the data is now")
        finished.add_argument("--kitti", metavar="DIR", help="where the data is now")
        _cache_option(finished)
    samples.add_argument("out", metavar="OUT", help="file: .png, .pdf or .svg")
    samples.add_argument("--count", type=int, default=4, help="images")
    export.add_argument("--format", required=True, choices=("keras", "savedmodel", "tflite", "onnx"))
    export.add_argument("--out", metavar="PATH", help="file or folder (RUN/export/segmentation…)")
    export.add_argument("--logits", action="store_true", help="logits as output rather than trainIds")

    predict = _add(verbs, "predict", "predict_command:predict_command", "predict images with a finished run")
    predict.add_argument("run", metavar="RUN", help="folder of the run; its data is not needed")
    predict.add_argument("images", nargs="+", metavar="IMAGE", help="files, or folders with all below them")
    predict.add_argument("--out", metavar="DIR", help="where they go (RUN/predictions)")
    predict.add_argument("--label-ids", action="store_true", help="label ids rather than trainIds")

    status = _add(verbs, "status", "commands:status_command", "list the runs and how far each is")
    status.add_argument("--runs", default="runs", metavar="DIR")

    bench = _add(
        verbs, "bench", "bench.command:bench_command", "time this code beside what one would use in its place"
    )
    bench.add_argument("--only", nargs="+", choices=COMPARISONS, metavar="NAME", help=", ".join(COMPARISONS))
    bench.add_argument("--quick", action="store_true", help="tiny amounts: does it work?")
    bench.add_argument("--repeat", type=int, metavar="N", help="rounds, all in turns (7)")
    bench.add_argument("--size", metavar="WxH", help="of the network's image (1024x512)")
    bench.add_argument("--batch", type=int, default=2, help="stereo pairs a step (2)")
    bench.add_argument("--runs", default="runs", metavar="DIR")
    bench.add_argument("--out", metavar="DIR", help="folder of bench.json and bench.md (RUNS/bench)")

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
    _data_options(parser, "cityscapes", *(["kitti"] if kitti else []))
    if kitti:
        _start_option(parser)
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows, e.g. SSrandom SS+D/UW")
    parser.add_argument("--init", nargs="+", choices=INITS)
    _out_options(parser)


def _out_options(parser, seeds=True):
    if seeds:
        parser.add_argument("--seeds", nargs="+", type=_seed, default=[0], metavar="N")
    else:
        parser.set_defaults(seeds=[0])
    parser.add_argument("--out", metavar="DIR", help="folder of what is written (RUNS/tables)")
    _reading_options(parser)


def _init_option(parser, choices, demo="CoarseCTS"):
    text = f"ImageNet; at demo scale {demo}, which needs no file"
    parser.add_argument("--init", choices=choices, help=text)
    parser.set_defaults(demo_init=demo)


def _start_option(parser):
    parser.add_argument(
        "--cityscapes-runs", metavar="DIR", help="runs that those on KITTI go on from: runs/cityscapes"
    )


def _seed(text):
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


_FOLDERS = {
    "cityscapes": "folder with leftImg8bit, gtFine, …",
    "kitti": "folder with training/image_2, semantic, …",
}


def _data_options(parser, *layouts, group=None):
    for layout in layouts:
        (group or parser).add_argument(f"--{layout}", metavar="DIR", help=_FOLDERS[layout])
    parser.add_argument(
        "--runs", default="runs", metavar="DIR", help="where runs and decoded images go (runs)"
    )
    parser.add_argument("--scale", choices=("demo", "paper"), help="paper with a data set, else demo")


def _reading_options(parser):
    parser.add_argument(
        "--set", nargs="+", metavar="NAME=VALUE", help="readings of the paper: disp_scale=W …"
    )
    computing = parser.add_argument_group("how it is computed; other choices are other runs")
    computing.add_argument(
        "--backbone", choices=BACKBONES, metavar="NAME", help=f"of the encoder: {', '.join(BACKBONES)}"
    )
    computing.add_argument("--precision", choices=("float32", "mixed_bfloat16", "mixed_float16"))
    computing.add_argument("--devices", metavar="N|all", help="GPUs that share each batch (1)")
    computing.add_argument("--jit", action="store_true", help="compile the training step with XLA")
    computing.add_argument("--tf32", action="store_true", help="TensorFloat-32 where float32 is asked for")


def _cache_option(parser):
    parser.add_argument("--cache", metavar="DIR|memory", help="decoded images; memory for small sets only")


def _training_options(parser, plan=True, json=True):
    if plan:
        parser.add_argument("--plan", action="store_true", help="print the runs and what is left; start none")
        parser.add_argument("--gpus", type=_count, metavar="N", help="with --plan: hours on so many")
        parser.add_argument("--tflops", type=_speed, metavar="S", help="of one; else as measured here")
    if plan and json:
        parser.add_argument("--json", action="store_true", help="with --plan: for programs")
    parser.add_argument("--imagenet-weights", default="auto", metavar="FILE|auto|none")
    _cache_option(parser)
    parser.add_argument(
        "--checkpoint-minutes", type=float, default=10.0, metavar="M", help="at most this is lost"
    )
    parser.add_argument("--progress", choices=("auto", "bar", "lines", "none"), default="auto")
    parser.add_argument("--no-tensorboard", action="store_true")
    parser.add_argument("--json-log", metavar="FILE", help="append what happens, one JSON object a line")
    where = parser.add_argument_group("where it is computed; docs/CLUSTER.md")
    where.add_argument(
        "--executor", choices=("local", "ray"), default="local", help="one run at a time, or a cluster"
    )
    where.add_argument(
        "--ray-address", metavar="HOST:PORT|auto", help="of a cluster; else one of this machine"
    )
    where.add_argument("--gpus-per-run", type=float, metavar="N", help="or a fraction (1, if there are GPUs)")
    where.add_argument("--cpus-per-run", type=float, metavar="N", help="for its input (1)")
