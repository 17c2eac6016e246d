"""Which runs make which table, and which runs they need first."""

import dataclasses

from experiments import run as schedules
from experiments.readings import Readings
from experiments.run import Run

# The picks of the paper's grid search (Table 1), by task.
GRID_PICKS = {"seg": 1.0, "color": 1.0, "depth": 100.0}
SINGLE_INITS = ("random", "ImageNet", "CoarseCTS")
MULTI_INITS = ("ImageNet", "CoarseCTS")
MULTI_TASKS = (("seg", "color"), ("seg", "depth"), ("seg", "color", "depth"))
WEIGHTINGS = ("GS", "UW", "DWA")

SCHEDULES = {
    ("cityscapes", "paper"): schedules.CITYSCAPES,
    ("kitti", "paper"): schedules.KITTI,
    ("coarse", "paper"): schedules.COARSE,
    ("cityscapes", "demo"): schedules.DEMO,
    ("kitti", "demo"): schedules.DEMO_KITTI,
    ("coarse", "demo"): schedules.DEMO_COARSE,
}

# Readings that the CoarseCTS pre-training does not feel: they must not ask for a second one.
_NOT_IN_COARSE = (
    "encoder_bn_eval", "seg_loss_norm", "uw_form", "uw_init", "dwa_temperature", "kitti_fit", "depth_metric",
    "cap_mode", "coarse_load",
)  # fmt: skip


def make_run(dataset, scale, tasks, weighting, init, seed=0, readings=None, layout="cityscapes"):
    """A run of a table, on the schedule of its scale (``paper`` or ``demo``) and layout."""
    schedule = SCHEDULES[layout, scale]
    weights = tuple((task, GRID_PICKS[task]) for task in tasks) if weighting == "GS" else ()
    return Run(
        dataset,
        tuple(tasks),
        weighting,
        init,
        schedule,
        seed,
        weights,
        readings=readings or Readings(),
        base=schedule,
    )


def coarse_run(dataset, scale, readings=None):
    """The pre-training on the images with coarse annotations: color and depth, without a label."""
    values = dataclasses.asdict(readings or Readings())
    defaults = dataclasses.asdict(Readings())
    readings = Readings(**values | {name: defaults[name] for name in _NOT_IN_COARSE})
    run = make_run(
        dataset, scale, ("color", "depth"), "GS", readings.coarse_init, 0, readings, layout="coarse"
    )
    return dataclasses.replace(run, split="train_extra")


def table1_runs(dataset, scale, seeds=(0,), readings=None):
    """The runs of Table 1 in the paper's order, without the pre-training: 3 + 9 × 2 for each seed."""
    plan = [(("seg",), "none", init) for init in SINGLE_INITS]
    plan += [
        (tasks, weighting, init) for tasks in MULTI_TASKS for weighting in WEIGHTINGS for init in MULTI_INITS
    ]
    return [
        make_run(dataset, scale, tasks, weighting, init, seed, readings)
        for tasks, weighting, init in plan
        for seed in seeds
    ]


def table_row(run):
    """Name of a run's row in the paper's tables; a single task has one row for each initialization."""
    return f"SS{run.init}" if run.row == "SS" else run.row


def dependencies(run, scale):
    """Runs that must be finished before this one."""
    return [coarse_run(run.dataset, scale, run.readings)] if run.init == "CoarseCTS" else []


def with_dependencies(runs, scale):
    """The runs and, before each, what it depends on; every run once."""
    ordered = {}
    for run in runs:
        for needed in [*dependencies(run, scale), run]:
            ordered.setdefault(needed.folder, needed)
    return list(ordered.values())
