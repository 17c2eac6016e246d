"""How fast each family of rows trains here, and what that makes of Table 1."""

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step, steps
from selfsup_segmentation.reproduce.check.measure import Job, in_a_process, write_scenes

FAMILIES = {"SS": ("seg",)} | dict(zip(("SS+C", "SS+D", "SS+C+D"), catalog.MULTI_TASKS, strict=True))
WARM_UP, STEPS, SECONDS = 2, 10, 20.0
WORTH = 0.95  # a mode is recommended if it takes at most this share of float32's hours


def measure_speed(folder, size, modes):
    """Every family of rows in every mode: (entries of the table, hours of Table 1 by mode)."""
    scenes, entries, hours = write_scenes(folder, size), [], {}
    for mode in modes:
        rates = {}
        for row, tasks in FAMILIES.items():
            weighting = "UW" if len(tasks) > 1 else "none"
            description = (str(scenes), tasks, weighting, size, STEPS, WARM_UP)
            job = Job(*description, seconds=SECONDS, readings=mode.readings)
            found = in_a_process(job, f"{row}, {mode.name}")
            if "failed" not in found:
                rates[tasks] = found["tflops"] = tflops(job, found["seconds"])
            entries.append({"row": row, "mode": mode.name} | found)
        if len(rates) == len(FAMILIES):
            hours[mode] = hours_of_table1(rates, CITYSCAPES.released)
    return entries, hours


def tflops(job, seconds):
    """10¹² floating-point operations a second, from the multiplications of the network's definition."""
    return flop_per_step(job.run) / seconds / 1e12


def hours_of_table1(rates, official):
    """Hours of all runs of Table 1 and of the pre-training on one device.

    Args:
        rates: TFLOP/s by tasks of a family; the pre-training, which is not measured, has that of all tasks.
        official: number of frames by split, see `data.layout.Layout.released`.
    """
    fallback = rates[FAMILIES["SS+C+D"]]
    seconds = 0.0
    for run in catalog.with_dependencies(catalog.table1_runs("cityscapes")):
        flop = steps(run, official[run.split].frames) * flop_per_step(run)
        seconds += flop / (rates.get(run.tasks, fallback) * 1e12)
    return seconds / 3600


def recommend(hours, verdicts):
    """The mode to train the tables with, and why.

    Args:
        hours: hours of Table 1 by `reproduce.check.modes.Mode`, of those that were measured in full.
        verdicts: `reproduce.check.numbers.Verdict` by mode.

    Returns:
        (mode, sentence); the fastest that rounds as float32 does and agrees, if it is worth it.
    """
    default, *others = hours
    sound = [mode for mode in others if not mode.rounds and mode in verdicts and verdicts[mode].agrees]
    best = min(sound, key=hours.get, default=default)
    if hours[best] > WORTH * hours[default]:
        return default, "no mode with float32's digits that agrees is clearly faster."
    share = hours[best] / hours[default]
    return best, f"its losses agree, and Table 1 takes {share:.2f} of the hours of {default.name}."
