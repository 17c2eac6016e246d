"""The verb: measure what was asked for, print it, and keep it after each comparison."""

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.reproduce.bench import NAMES, report
from selfsup_segmentation.reproduce.bench.circumstances import circumstances
from selfsup_segmentation.reproduce.bench.comparison import Settings
from selfsup_segmentation.reproduce.bench.worker import WorkerError
from selfsup_segmentation.reproduce.cli.arguments import make_folder, parse_size
from selfsup_segmentation.reproduce.formats.render import write_texts

QUICK = {"size": "64x32", "repeat": 2}
FULL = {"size": "1024x512", "repeat": 7}


def bench_command(args):
    """Measure side by side.

    Args:
        args: ``only`` (names, or None for all), ``quick``, ``repeat``, ``size`` (``WxH``), ``batch``,
            ``runs`` and ``out`` (folder, or None for one below ``runs``).

    Returns:
        Paths of ``bench.json`` and ``bench.md``. That a bar is missed is a result like any other.

    Raises:
        InputError: an option makes no sense, or nothing can be written there.
        SystemExit: with code 1 after all is written, when a comparison failed.
    """
    if not hasattr(os, "sched_setaffinity") or not Path("/proc/self/statm").exists():
        raise InputError("bench needs Linux: it holds processes to a core, and reads their memory in /proc.")
    names, default = args.only or NAMES, QUICK if args.quick else FULL
    size, repeat = parse_size(args.size or default["size"]), args.repeat or default["repeat"]
    if min(size) < 32 or size[0] % 32 or size[1] % 32:
        raise InputError(f"--size {size[0]}x{size[1]}: width and height must be multiples of 32.")
    if min(repeat, args.batch) < 1:
        raise InputError("--repeat and --batch are at least 1.")
    out = make_folder(args.out or Path(args.runs).expanduser() / "bench", "--out")
    comparisons = {}
    with tempfile.TemporaryDirectory(dir=out, prefix="scratch-") as scratch:
        result = circumstances(Path(scratch)) | {
            "quick": args.quick,
            "size": list(size),
            "batch": args.batch,
            "repeat": repeat,
            "comparisons": comparisons,
        }
        print(report.head(result))
        if args.quick:
            print(report.QUICK)
        for name in dict.fromkeys(names):
            folder = Path(scratch) / name
            folder.mkdir()
            settings = Settings(size, args.batch, repeat, args.quick, out / "data", folder)
            comparisons[name] = _found(name, settings)
            print(
                f"\n{report.to_text(name, comparisons[name], color=sys.stdout.isatty())}", end="", flush=True
            )
            written = _write(result, out)
    print("\n" + "\n".join(f"wrote {path}" for path in written))
    if any("failed" in found for found in comparisons.values()):
        raise SystemExit(1)
    return written


def _found(name, settings):
    """A comparison's part of ``bench.json``; one that failed says why."""
    comparison = importlib.import_module(f"selfsup_segmentation.reproduce.bench.{name}").COMPARISON
    found = {"title": comparison.title, "compared": comparison.compared}
    start = time.monotonic()
    try:
        found |= comparison.measure(settings).as_dict()
    except WorkerError as error:
        found["failed"] = str(error)
    return found | {"took_seconds": round(time.monotonic() - start, 1)}


def _write(result, out):
    path = out / "bench.json"
    write_json(path, result)
    return [path, *write_texts(out, "bench", {"md": report.to_markdown(result)})]
