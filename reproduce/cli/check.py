"""``reproduce check``: whether this machine trains as it should, and how fast, before the long runs."""

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import CITYSCAPES, LAYOUTS
from selfsup_segmentation.experiments.run import CITYSCAPES as PAPER
from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.check import delivery, numbers, speed
from selfsup_segmentation.reproduce.check.document import check_document
from selfsup_segmentation.reproduce.check.modes import DEFAULT, MODES
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow

CPU_SIZE = "192x96"


def add_options(parser):
    """Options of the verb."""
    data = parser.add_mutually_exclusive_group()
    for layout in LAYOUTS.values():
        text = f"also whether its images arrive fast enough; folder with {layout.contents}"
        data.add_argument(f"--{layout.name}", metavar="DIR", help=text)
    options.runs(parser, "where scenes, decoded images and results go (runs)")
    text = f"of the network's image, for the speed; {PAPER.size[0]}x{PAPER.size[1]}, on a CPU {CPU_SIZE}"
    parser.add_argument("--size", metavar="WxH", help=text)
    parser.add_argument("--out", metavar="DIR", help="where check.txt, .json and others go (RUNS/check)")
    options.cache(parser)


def run(request):
    """Train short runs, each in its own process; exits with code 1 if something is wrong."""
    named = [layout for layout in LAYOUTS if getattr(request, layout)]
    source = arguments.open_source(request, named[0]) if named else None
    roots = [source] if source else []
    runs = arguments.make_folder(request.runs, "--runs", *roots)
    out = arguments.make_folder(request.out or runs / "check", "--out", *roots)
    size = request.size and arguments.parse_size(request.size)
    if size and (min(size) < 32 or size[0] % 32 or size[1] % 32):
        raise InputError(f"--size {request.size}: width and height must be multiples of 32.")
    result = {"batch": PAPER.batch_size, "data": None}

    entries, verdicts, device = numbers.check_numbers(runs / "data")
    result |= {"numbers": entries, **device}
    on_cpu = device["device"] == "CPU"
    size = size or (arguments.parse_size(CPU_SIZE) if on_cpu else PAPER.size)
    modes = [mode for mode in MODES if mode is DEFAULT or mode in verdicts]
    speeds, hours = speed.measure_speed(runs / "data", size, modes)
    result |= {"size": size, "speed": speeds, "hours": {mode.name: count for mode, count in hours.items()}}
    result["recommendation"] = _recommendation(hours, verdicts, source)
    if source:
        import_tensorflow()
        result["data"] = delivery.measure_delivery(source, _cache_folder(request, runs, source))
    result["problems"] = _problems(result, verdicts)
    document = check_document(result)
    files = formats.write(document, out, "check")
    print(formats.to_text(document))
    print("\n".join(f"wrote {path}" for path in files))
    if result["problems"]:
        raise SystemExit(1)


def _recommendation(hours, verdicts, source):
    if DEFAULT not in hours:
        return "No recommendation: not every family of rows trains here in float32."
    mode, why = speed.recommend(hours, verdicts)
    data = f"--{source.layout.name} {source.root}" if source else "--cityscapes DIR"
    table = "table3" if source and source.layout is not CITYSCAPES else "table1"
    words = " ".join(filter(None, ["reproduce", table, data, mode.options]))
    return f"Recommended: {words} ({hours[mode]:.3g} hours of Table 1), because {why}"


def _problems(result, verdicts):
    """A sentence on everything that is wrong, with what to do."""
    found = []
    if not verdicts[DEFAULT].agrees:
        found.append(
            f"float32 {verdicts[DEFAULT]}: results of this machine cannot be trusted; install the versions "
            "of constraints.txt, and report check.txt if it stays."
        )
    if not result["numbers"][1]["agrees"]:
        found.append(
            "the same run twice has other losses: it will not resume to the bit; look for variables such as "
            "TF_DISABLE_SEGMENT_REDUCTION_OP_DETERMINISM_EXCEPTIONS, and report check.txt."
        )
    data = result["data"]
    if data and data["cache_bytes"] > data["free_bytes"]:
        found.append(
            "the disk has too little room for the decoded images; name a folder on another with --cache."
        )
    speeds = [result["batch"] / entry["seconds"] for entry in result["speed"] if "failed" not in entry]
    if data and speeds and data["delivered"] < max(speeds):
        found.append(
            f"the disk or the CPU delivers {data['delivered']:.3g} images/s, fewer than the device trains "
            f"({max(speeds):.3g}); put the cache on a local disk with --cache, or give the job more cores."
        )
    return found


def _cache_folder(request, runs, source):
    if request.cache in (None, "memory"):
        return runs / "cache"
    folder = arguments.named_path(request.cache, "--cache")
    arguments.refuse_in_data(folder, "--cache", source.root)
    return folder
