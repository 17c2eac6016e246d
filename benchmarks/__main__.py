"""``python -m benchmarks``: run comparisons side by side and write ``bench.json`` and ``bench.md``."""

import argparse
import importlib
import io
import json
import sys
import tempfile
import traceback
from pathlib import Path

import pyperf

from benchmarks import report
from benchmarks.comparison import Settings
from selfsup_segmentation.experiments.records.json_files import write_json, write_text

MODULES = dict.fromkeys(("step", "joint", "precision", "weightings"), "step")  # comparison -> its module
MODULES |= {name: name for name in ("input", "lab", "evaluation")}


def main(arguments: list[str] | None = None) -> int:
    """Run the comparisons of a command line; results are written after each.

    Returns:
        Exit code: 1 if a comparison raised an error, else 0, also if a target is missed.
    """
    options = _parse(arguments)
    settings = {key: getattr(options, key) for key in ("size", "batch", "repeat", "quick")}
    out = Path(options.out).expanduser().resolve()
    out.mkdir(parents=True, exist_ok=True)
    suite, entries, sections = [], {}, []
    for name in dict.fromkeys(options.only):
        benchmarks = {}
        compare = getattr(importlib.import_module(f"benchmarks.{MODULES[name]}"), f"compare_{name}")
        with tempfile.TemporaryDirectory(dir=out, prefix="scratch-") as scratch:
            try:
                rounds, numbers = compare(Settings(**settings, data=out / "data", scratch=Path(scratch)))
                entries[name] = {"numbers": [number.to_dict() for number in numbers]}
                entries[name] |= {"facts": rounds.facts, "skipped": rounds.skipped}
                benchmarks = rounds.benchmarks
            except Exception as error:  # of any library; the other comparisons still run
                traceback.print_exc()
                entries[name] = {"failed": str(error) or type(error).__name__}
        for key, benchmark in benchmarks.items():
            benchmark.update_metadata({"name": f"{name}: {key}"})
        suite += benchmarks.values()
        sections.append(report.section(name, compare, entries[name], benchmarks))
        print(sections[-1], flush=True)
        _write(out, settings, suite, entries, sections)
    print(f"wrote {out / 'bench.json'} and {out / 'bench.md'}")
    return int(any("failed" in entry for entry in entries.values()))


def _write(out, settings, benchmarks, entries, sections):
    """``bench.json`` is a file of pyperf (``python -m pyperf show``) with ``comparisons`` added."""
    data, metadata = {}, {}
    if benchmarks:
        suite, file = pyperf.BenchmarkSuite(benchmarks), io.StringIO()
        suite.dump(file)
        data, metadata = json.loads(file.getvalue()), suite.get_metadata()
    write_json(out / "bench.json", data | {"settings": settings, "comparisons": entries})
    write_text(out / "bench.md", "\n".join([report.head(settings, metadata), *sections]))


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    names = {"choices": MODULES, "default": MODULES, "metavar": "NAME", "help": ", ".join(MODULES)}
    parser.add_argument("--only", nargs="+", **names)
    parser.add_argument("--quick", action="store_true", help="tiny amounts, to test that it works")
    parser.add_argument("--repeat", type=int, help="interleaved rounds (7)")
    parser.add_argument("--size", metavar="WxH", help="of the network's image (1024x512)")
    parser.add_argument("--batch", type=int, default=2, help="stereo pairs per step (2)")
    parser.add_argument("--out", default="runs/bench", metavar="DIR", help="of bench.json and bench.md")
    options = parser.parse_args(arguments)
    if options.repeat is None:
        options.repeat = 2 if options.quick else 7
    size = options.size or ("64x32" if options.quick else "1024x512")
    options.size = tuple(int(side) if side.isdecimal() else 0 for side in size.lower().split("x"))
    if len(options.size) != 2 or any(side < 32 or side % 32 for side in options.size):
        parser.error(f"--size {size}: width and height must be multiples of 32, as in 1024x512")
    if min(options.repeat, options.batch) < 1:
        parser.error("--repeat and --batch are at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
