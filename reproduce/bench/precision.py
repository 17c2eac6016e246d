"""The training step in bfloat16 beside the one in float32."""

from selfsup_segmentation.reproduce.bench.comparison import Bar, Comparison, Result, Settings
from selfsup_segmentation.reproduce.bench.step_times import step_times

PRECISIONS = ("float32", "mixed_bfloat16")


def measure(settings: Settings) -> Result:
    """Seconds a step, and memory."""
    choices = {name: {"tasks": ["seg"], "precision": name} for name in PRECISIONS}
    times, facts, order = step_times(choices, settings, "step in")
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
