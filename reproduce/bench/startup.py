"""From the start of the process to the end of the first training step."""

import json
import subprocess
import sys
import tempfile
import time

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.material import native, scenes
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import LAST_LINES, WorkerError

ROWS = {"SS": ("SS", 8), "SS+C+D": ("SS+C+D/GS", 12)}  # name -> (--row, seconds that are asked for)
PHASES = {
    "python": "interpreter",
    "imports": "imports",
    "network": "data found, network built",
    "before_step": "graph of the input, first batch, first checkpoint",
    "first_step": "step traced and done",
}


def measure(settings: Settings) -> Result:
    """Seconds, whole and by phase."""
    size = (64, 32) if settings.quick else (512, 256)
    source, cache = scenes(settings.folder, native(size), 6, 2), settings.scratch / "cache"

    def start(row):
        with tempfile.TemporaryDirectory(dir=settings.scratch) as runs:
            arguments = ["train", "--cityscapes", str(source.root), "--row", row, "--runs", runs]
            arguments += ["--size", f"{size[0]}x{size[1]}", "--cache", str(cache), "--progress", "none"]
            return _first_step([*arguments, "--no-tensorboard"])

    calls = {name: lambda row=row: start(row) for name, (row, _) in ROWS.items()}
    found, order = in_turns(calls, settings.repeat)  # the round of warm-up decodes the images
    times = {name: Spread(f"start to first step, {name}", "s", found[name]["seconds"]) for name in ROWS}
    phases = {
        f"{name}, {what}": Spread(f"{name}: {what}", "s", found[name][phase])
        for name in ROWS
        for phase, what in PHASES.items()
    }
    return Result(
        measured=times | phases,
        ratios=[times["SS+C+D"].over(times["SS"], "SS+C+D ÷ SS")],
        bars=[
            Bar(times[name].what, times[name].median, limit, unit="s") for name, (_, limit) in ROWS.items()
        ],
        facts={"size": list(size), "batch": 2, "images": "decoded by an earlier run"},
        order=order,
    )


def _first_step(arguments):
    command = [sys.executable, "-m", "selfsup_segmentation.reproduce.bench.jobs.first_step", *arguments]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-LAST_LINES:]
        raise WorkerError(f"first_step ended with {done.returncode}: {' / '.join(said)}")
    moments = json.loads(done.stdout)
    seconds, before = {"seconds": moments["first_step"] - started}, started
    for phase in PHASES:
        seconds[phase], before = moments[phase] - before, moments[phase]
    return seconds


COMPARISON = Comparison(
    "Start-up",
    "`reproduce train` from the start of its process to the end of its first step, at 512×256 on images that "
    "an earlier run decoded. Asked: at most 8 s for SS and 12 s for SS+C+D.",
    measure,
)
