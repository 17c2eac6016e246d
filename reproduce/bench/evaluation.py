"""The evaluation of an image, beside Cityscapes' own, and the memory of many."""

import math

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.material import native, plain_frames, scenes
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import WorkerError, workers

GROWTH_MIB = 64  # of 500 images: the logits of a single one at native size are 152


def measure(settings: Settings) -> Result:
    """Seconds an image, and MiB before and after many."""
    source = scenes(settings.folder, native(settings.size), settings.amount(8, 2), settings.amount(8, 2))
    frames, predictions = plain_frames(source, "val"), str(settings.scratch / "predictions")
    ours = {"frames": frames, "size": settings.size, "cache": str(settings.scratch / "val")}
    ours |= {"predictions": predictions, "many": settings.amount(500, 6)}
    theirs = {"frames": frames, "predictions": predictions}
    with (
        workers({"ours": ("our_evaluation", ours)}, settings.scratch) as first,
        workers({"official": ("official_evaluation", theirs)}, settings.scratch) as second,
    ):
        started = first | second
        facts = {name: worker.facts for name, worker in started.items()}
        iou = {name: found.pop("per_class") for name, found in facts.items()}
        facts["largest_difference_of_an_iou"] = _difference(**iou)
        calls = {
            "counting": lambda: started["ours"].call("count"),
            "official": lambda: started["official"].call("evaluate"),
            "whole": lambda: started["ours"].call("evaluate"),
        }
        found, order = in_turns(calls, settings.repeat)
        memory = started["ours"].call("memory")
    width, height = native(settings.size)
    what = {
        "counting": f"ours: classes from logits of {width}×{height}, confusion",
        "official": f"cityscapesscripts' evaluatePair, {facts['official']['variant']}",
        "whole": "ours: everything but the network",
    }
    times = {name: Spread(text, "s/image", found[name]["seconds"]) for name, text in what.items()}
    ratios = {
        name: times["official"].over(times[name], f"official ÷ {name}") for name in ("counting", "whole")
    }
    growth = memory["after_mib"] - memory["before_mib"]
    return Result(
        measured=times,
        ratios=list(ratios.values()),
        bars=[
            Bar("official ÷ counting", ratios["counting"].median, 5, at_most=False),
            Bar(f"growth of the process over {memory['images']} images", growth, GROWTH_MIB, unit="MiB"),
        ],
        facts=facts | {"memory": memory},
        order=order,
    )


def _difference(ours, official):
    """Largest difference between the IoUs of a class; both see the same predictions."""
    ours = {name: iou for name, iou in ours.items() if not math.isnan(iou)}
    official = {name: iou for name, iou in official.items() if name in ours}
    if ours.keys() != official.keys():
        raise WorkerError(f"other classes: ours {sorted(ours)}, official {sorted(official)}")
    largest = max(abs(ours[name] - official[name]) for name in ours)
    if largest > 1e-9:
        raise WorkerError(f"an IoU differs by {largest} from the official one")
    return largest


COMPARISON = Comparison(
    "Evaluation of segmentation",
    "Counting (classes from logits and their confusion) and everything of our evaluation but the network "
    "(frame and labels are read, logits enlarged, two resolutions counted; a 1×1 convolution stands for the "
    "network), beside cityscapesscripts' evaluatePair, which reads two files and counts; the IoUs are equal "
    "to 1e-9 on the same predictions. Asked: counting is 5 times as fast, and memory does not grow with the "
    "images.",
    measure,
)
