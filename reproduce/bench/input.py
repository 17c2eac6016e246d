"""The training input: what is delivered, what is trained, and how long a step waits."""

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from selfsup_segmentation.reproduce.bench.material import native, plain_frames, scenes
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import missing, workers

TASKS = {"SS": ["seg"], "SS+C+D": ["seg", "color", "depth"]}
DELIVERED = {
    "SS": "our pipeline, SS",
    "SS+C+D": "our pipeline, SS+C+D",
    "sequence": "Keras Sequence (one worker, the default), SS+C+D",
    "decoded": "the same from decoded frames",
    "loader": "torch DataLoader (two processes), SS+C+D",
}
TRAINED = {f"train {name}": f"training {name}" for name in TASKS}


def measure(settings: Settings) -> Result:
    """Frames a second."""
    source = scenes(settings.folder, native(settings.size), settings.amount(8, 2), settings.amount(8, 2))
    shape = {"frames": plain_frames(source, "train"), "size": settings.size, "batch": settings.batch}
    ours = {"batches": settings.amount(20, 4), "steps": settings.amount(3, 2)}
    few = {"batches": settings.amount(4, 1)}
    jobs = {
        name: ("our_input", {"tasks": tasks, "cache": str(settings.scratch / name)} | shape | ours)
        for name, tasks in TASKS.items()
    }
    jobs["sequence"] = ("keras_sequence", {"decoded": None} | shape | few)
    jobs["decoded"] = ("keras_sequence", {"decoded": str(settings.scratch / "decoded")} | shape | few)
    reason = missing("torch")
    if reason is None:
        jobs["loader"] = ("torch_loader", shape | few)
    with workers(jobs, settings.scratch) as started:
        calls = {name: lambda worker=worker: worker.call("input") for name, worker in started.items()}
        calls |= {f"train {name}": lambda name=name: started[name].call("train") for name in TASKS}
        found, order = in_turns(calls, settings.repeat)
        facts = {name: worker.facts for name, worker in started.items()}
    rates = {
        name: Spread(what, "", found[name]["seconds"]).inverse(what, "frames/s")
        for name, what in (DELIVERED | TRAINED).items()
        if name in found
    }
    others = [name for name in DELIVERED if name in rates and name not in TASKS]
    ratios = [rates["SS+C+D"].over(rates[name], f"ours, SS+C+D ÷ {name}") for name in others]
    shares, bars = {}, []
    for name in TASKS:
        share = Spread(f"share of {name}'s step that waits", "", found[f"train {name}"]["waiting"])
        surplus = rates[name].over(rates[f"train {name}"], f"delivered ÷ trained, {name}")
        shares[f"waiting {name}"] = share
        ratios.append(surplus)
        bars.append(Bar(share.what, share.median, 0.02))
        bars.append(Bar(surplus.what, surplus.median, 20, at_most=False))
    return Result(
        measured=rates | shares,
        ratios=ratios,
        bars=bars,
        facts=facts,
        order=order,
        skipped={} if reason is None else {"loader": reason},
    )


COMPARISON = Comparison(
    "Training input",
    "Batches of our pipeline from frames that were decoded once, beside a Keras Sequence and a torch "
    "DataLoader that read the PNG files each time (one Sequence does not) and make the same Lab images and "
    "color classes with PIL, scikit-image and NumPy (equal to 1e-3); and beside what the step consumes. "
    "Asked: a step waits at most 2 % of its time, and 20 times as many frames can be delivered as are "
    "trained.",
    measure,
)
