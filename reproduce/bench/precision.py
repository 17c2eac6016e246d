"""The training step in bfloat16 beside the one in float32."""

from reproduce.bench.comparison import Bar, Comparison, Result, Settings, Spread
from reproduce.bench.turns import in_turns
from reproduce.bench.worker import workers

PRECISIONS = ("float32", "mixed_bfloat16")


def measure(settings: Settings) -> Result:
    """Seconds a step, and memory."""
    shape = {"tasks": ["seg"], "size": settings.size, "batch": settings.batch}
    jobs = {name: ("our_step", shape | {"precision": name}) for name in PRECISIONS}
    with workers(jobs, settings.scratch) as started:
        facts = {name: worker.facts for name, worker in started.items()}
        calls = {name: lambda worker=worker: worker.call("step") for name, worker in started.items()}
        found, order = in_turns(calls, settings.repeat)
        for name, worker in started.items():
            facts[name] |= worker.call("memory")
    times = {name: Spread(f"step in {name}", "s", found[name]["seconds"]) for name in PRECISIONS}
    ratio = times["mixed_bfloat16"].over(times["float32"], "bfloat16 ÷ float32")
    return Result(
        measured=times,
        ratios=[ratio],
        bars=[Bar("step in bfloat16 ÷ step in float32", ratio.median, 0.60)],
        facts=facts,
        order=order,
    )


COMPARISON = Comparison(
    "Training step, mixed bfloat16 beside float32",
    "Segmentation alone; `--precision mixed_bfloat16` beside the default. Heads, losses and the optimizer "
    "stay in float32. Asked: at most 0.60 of the time.",
    measure,
)
