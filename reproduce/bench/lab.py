"""Lab conversion and color classes: in the graph, and by scikit-image and NumPy."""

import os

from selfsup_segmentation.reproduce.bench.comparison import Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import workers

NAMES = {
    "one core": "in the graph, one core",
    "all cores": "in the graph, all cores",
    "scikit-image": "scikit-image and NumPy, one core",
}


def measure(settings: Settings) -> Result:
    """Seconds an image."""
    shape = {"size": settings.size, "batch": settings.batch}
    often, seldom = {"times": settings.amount(10, 2)}, {"times": settings.amount(2, 1)}
    jobs = {
        "one core": ("graph_lab", shape | often, 1),
        "all cores": ("graph_lab", shape | often),
        "scikit-image": ("skimage_lab", shape | seldom, 1),
    }
    with workers(jobs, settings.scratch) as started:
        facts = {name: worker.facts for name, worker in started.items()}
        calls = {name: lambda worker=worker: worker.call("convert") for name, worker in started.items()}
        found, order = in_turns(calls, settings.repeat)
    facts["cores"] = len(os.sched_getaffinity(0))
    times = {name: Spread(what, "s/image", found[name]["seconds"]) for name, what in NAMES.items()}
    one = times["one core"]
    ratios = [
        one.over(times["scikit-image"], "in the graph ÷ scikit-image, one core each"),
        one.over(times["all cores"], "one core ÷ all cores"),
    ]
    return Result(measured=times, ratios=ratios, facts=facts, order=order)


COMPARISON = Comparison(
    "Lab and color classes",
    "The graph's conversion of uint8 images (equal to scikit-image's to 1e-3) beside skimage.color.rgb2lab "
    "and NumPy on one core, and its scaling to all cores. Nothing is asked.",
    measure,
)
