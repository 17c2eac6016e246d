"""Which runs make which table, and which runs they need first."""

import dataclasses
import itertools

from selfsup_segmentation.data.layouts import CITYSCAPES, LAYOUTS
from selfsup_segmentation.experiments import run as schedules
from selfsup_segmentation.experiments import weightings
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.run import INITS, Run

GRID = (0.1, 1.0, 10.0, 100.0)  # weights that the paper's grid search tries (section 4.1)
MULTI_INITS = ("ImageNet", "CoarseCTS")
MULTI_TASKS = (("seg", "color"), ("seg", "depth"), ("seg", "color", "depth"))
WEIGHTINGS = ("GS", "UW", "DWA")
SCALES = ("paper", "demo")

SCHEDULES = {
    ("cityscapes", "paper"): schedules.CITYSCAPES,
    ("kitti", "paper"): schedules.KITTI,
    ("coarse", "paper"): schedules.COARSE,
    ("cityscapes", "demo"): schedules.DEMO,
    ("kitti", "demo"): schedules.DEMO_KITTI,
    ("coarse", "demo"): schedules.DEMO_COARSE,
}


def dataset_label(name, scale):
    """First folder of a run's name; a real data set without a suffix has the paper's scale."""
    return name if scale == "paper" and not name.startswith("scenes") else f"{name}-{scale}"


def scale_of(label):
    """``paper`` or ``demo``: the scale that a `dataset_label` names."""
    return next((scale for scale in SCALES if label.endswith(f"-{scale}")), "paper")


def make_run(dataset, tasks, weighting, init, seed=0, readings=None, layout=None, start=""):
    """A run of a table, on the schedule of its data set's layout and scale.

    Args:
        dataset: a `dataset_label`.
        tasks, weighting, init, seed, readings, start: see `Run`.
        layout: key of `SCHEDULES`, where it is not the layout of the data set: ``coarse``.
    """
    own = layout_of(dataset).name
    schedule = SCHEDULES[layout or own, scale_of(dataset)]
    readings = (readings or Readings()).reset_irrelevant(tasks, weighting, init, start, own)
    if readings.coarse_epochs == SCHEDULES["coarse", scale_of(dataset)].epochs:
        readings = dataclasses.replace(readings, coarse_epochs=0)  # the same by another name
    description = (dataset, tuple(tasks), weighting, init, schedule, seed)
    return Run(*description, readings=readings, base=schedule, start=start)


def layout_of(label):
    """The `data.layout.Layout` of a `dataset_label`; that of Cityscapes where its name is in no layout's."""
    return next((layout for name, layout in LAYOUTS.items() if name in label), CITYSCAPES)


def coarse_run(dataset, readings=None):
    """The pre-training on the images with coarse annotations: color and depth, without a label."""
    readings, default = readings or Readings(), Readings()
    # A grid search over the rows shares one pre-training.
    own = dataclasses.replace(readings, w_color=default.w_color, w_depth=default.w_depth)
    run = make_run(dataset, ("color", "depth"), "GS", readings.coarse_init, 0, own, layout="coarse")
    schedule = dataclasses.replace(run.schedule, epochs=readings.coarse_epochs or run.schedule.epochs)
    return dataclasses.replace(run, split="train_extra", schedule=schedule)


def table1_runs(dataset, seeds=(0,), readings=None, start=""):
    """The runs of Table 1 in the paper's order, without the pre-training: 3 + 9 × 2 for each seed."""
    plan = [(("seg",), "none", init) for init in INITS]
    plan += [
        (tasks, weighting, init) for tasks in MULTI_TASKS for weighting in WEIGHTINGS for init in MULTI_INITS
    ]
    return _runs(plan, dataset, seeds, readings, start)


def single_task_runs(dataset, seeds=(0,), readings=None):
    """Colorization alone and depth alone, whose numbers the paper gives in its text."""
    plan = [((task,), "none", init) for task in ("color", "depth") for init in MULTI_INITS]
    return _runs(plan, dataset, seeds, readings)


def grid_search_runs(dataset, init, seeds=(0,), readings=None):
    """The 4 + 4 + 16 combinations of the grid search; those of Table 1 are among them."""
    runs = []
    for tasks in MULTI_TASKS:
        searched = [f"w_{task}" for task in tasks if task != "seg"]
        for weights in itertools.product(GRID, repeat=len(searched)):
            chosen = dataclasses.replace(readings or Readings(), **dict(zip(searched, weights, strict=True)))
            runs += [make_run(dataset, tasks, "GS", init, seed, chosen) for seed in dict.fromkeys(seeds)]
    return runs


def weighting_runs(dataset, init, seeds=(0,), readings=None):
    """The single task, and every weighting of `experiments.weightings` on each set of several tasks."""
    plan = [(("seg",), "none", init)]
    plan += [(tasks, name, init) for tasks in MULTI_TASKS for name in weightings.WEIGHTINGS]
    return _runs(plan, dataset, seeds, readings)


def table3_runs(dataset, start, seeds=(0,), readings=None):
    """The runs of Table 3: each run of Table 1, fine-tuned on KITTI from the one on data set ``start``."""
    return table1_runs(dataset, seeds, readings, start)


def _runs(plan, dataset, seeds, readings, start=""):
    """Runs of all seeds for each (tasks, weighting, init) of a plan."""
    return [
        make_run(dataset, tasks, weighting, init, seed, readings, start=start)
        for tasks, weighting, init in plan
        for seed in dict.fromkeys(seeds)
    ]


def table_row(run):
    """Name of a run's row in the paper's tables; a single task has one row for each initialization."""
    return f"SS{run.init}" if run.row == "SS" else run.row


def grid_row(run):
    """Name of a combination of the grid search: ``SS+C+D/GS w_color=1 w_depth=100``."""
    weights = [f"w_{task}={weight:g}" for task, weight in run.weights.items() if task != "seg"]
    return " ".join([run.row, *weights])


def dependency(run):
    """The run that must be finished before this one, or None."""
    if run.start:
        return make_run(run.start, run.tasks, run.weighting, run.init, run.seed, run.readings)
    return coarse_run(run.dataset, run.readings) if run.init == "CoarseCTS" else None


def with_dependencies(runs):
    """The runs and, before each, what it depends on; every run once."""
    ordered = {}

    def add(run):
        needed = dependency(run)
        if needed is not None:
            add(needed)
        ordered.setdefault(run.folder, run)

    for run in runs:
        add(run)
    return list(ordered.values())
