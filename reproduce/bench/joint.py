"""The training step of all three tasks beside that of segmentation alone."""

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings
from selfsup_segmentation.reproduce.bench.step_times import step_times

TASKS = {"SS": ["seg"], "SS+C+D": ["seg", "color", "depth"]}


def measure(settings: Settings) -> Result:
    """Seconds a step, and memory."""
    choices = {name: {"tasks": tasks} for name, tasks in TASKS.items()}
    times, facts, order = step_times(choices, settings, "step of")
    ratio = times["SS+C+D"].over(times["SS"], "time of SS+C+D ÷ time of SS")
    single, joint = (facts[name]["forward_convolution_flops"] for name in TASKS)
    facts["flop_ratio"] = joint / single
    excess = ratio.scaled(single / joint, "that ÷ the ratio of counted FLOPs", "")
    return Result(
        measured=times,
        ratios=[ratio, excess],
        bars=[Bar("ratio of times ÷ ratio of FLOPs", excess.median, 1.05)],
        facts=facts,
        order=order,
    )


COMPARISON = Comparison(
    "Training step, three tasks beside one",
    "SS+C+D beside SS, as times and as FLOPs of the convolutions of the forward graph (training counts 3 "
    "times that for both, so that the ratio is the same). Asked: the ratio of times is at most 1.05 of the "
    "ratio of FLOPs.",
    measure,
)
