"""A table of many finished runs: in a process that is there, and from the command's start to its end."""

import subprocess
import sys

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.finished_runs import fill_store, train_one
from selfsup_segmentation.reproduce.bench.material import scenes
from selfsup_segmentation.reproduce.bench.measuring import timed
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import WorkerError, workers


def measure(settings: Settings) -> Result:
    """Seconds of ``reproduce compare``."""
    source, runs = scenes(settings.folder, (128, 64), 2, 2), settings.scratch / "runs"
    one, images = train_one(source, settings.scratch / "one"), settings.amount(500, 10)
    seeds, finished = fill_store(runs, source, settings.amount(200, 21), images, *one)
    arguments = ["compare", "--cityscapes", str(source.root), "--runs", str(runs)]
    arguments += ["--seeds", *map(str, seeds)]

    def from_the_start():
        command = [sys.executable, "-m", "selfsup_segmentation.reproduce", *arguments]
        done = []
        seconds = timed(lambda: done.append(subprocess.run(command, capture_output=True, text=True)))
        if done[0].returncode:
            raise WorkerError(f"reproduce compare ended with {done[0].returncode}: {done[0].stderr.strip()}")
        return seconds

    with workers({"inside": ("compare", {"arguments": arguments})}, settings.scratch) as started:
        calls = {"inside": lambda: started["inside"].call("compare"), "command": from_the_start}
        found, order = in_turns(calls, settings.repeat)
    times = {
        "inside": Spread("read, compared, rendered and written", "s", found["inside"]["seconds"]),
        "command": Spread("the command, with the start of its process", "s", found["command"]["seconds"]),
    }
    return Result(
        measured=times,
        ratios=[times["command"].over(times["inside"], "command ÷ inside")],
        bars=[Bar(f"a table of {finished} runs, without start-up", times["inside"].median, 2, unit="s")],
        facts={"finished_runs": finished, "seeds": len(seeds), "images_listed_in_each": images},
        order=order,
    )


COMPARISON = Comparison(
    "A table of 200 finished runs",
    "`reproduce compare` on copies of one run's results, each listing 500 images as on Cityscapes: in a "
    "process that has imported everything, and as a command. Asked: at most 2 s without the start.",
    measure,
)
