"""Steps of several runs, timed in turns."""

from collections.abc import Mapping
from typing import Any

from selfsup_segmentation.reproduce.bench.comparison import Settings, Spread
from selfsup_segmentation.reproduce.bench.turns import in_turns
from selfsup_segmentation.reproduce.bench.worker import workers


def step_times(
    choices: Mapping[str, dict[str, Any]], settings: Settings, words: str
) -> tuple[dict[str, Spread], dict[str, Any], list[str]]:
    """Seconds a step of ``our_step``, and its memory.

    Args:
        choices: by name, what `reproduce.bench.jobs.our_step.prepare` is told besides size and batch.
        settings: of all comparisons.
        words: before the name, where a measurement is described.

    Returns:
        ``(times, facts, order)``: both by name, and what was timed when.
    """
    shape = {"size": settings.size, "batch": settings.batch}
    jobs = {name: ("our_step", choice | shape) for name, choice in choices.items()}
    with workers(jobs, settings.scratch) as started:
        facts = {name: worker.facts for name, worker in started.items()}
        calls = {name: lambda worker=worker: worker.call("step") for name, worker in started.items()}
        found, order = in_turns(calls, settings.repeat)
        for name, worker in started.items():
            facts[name] |= worker.call("memory")
    return {name: Spread(f"{words} {name}", "s", found[name]["seconds"]) for name in choices}, facts, order
