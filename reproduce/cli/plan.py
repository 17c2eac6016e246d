"""``--plan``: which runs are left, their steps and FLOPs, and how many hours they take."""

import dataclasses
import json

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step, steps
from selfsup_segmentation.experiments.records.history import read_history, speeds


@dataclasses.dataclass(frozen=True)
class Planned:
    """A run of a plan.

    Attributes:
        folder: run directory.
        state: ``done``, ``under way``, ``to do``, ``no data``, or why it is impossible.
        steps: optimizer steps of the complete run; None where its data is unavailable.
        steps_left: steps that are left.
        pflop_left: 10¹⁵ floating-point operations of those.
        needs: run directory of its dependency, or None.
    """

    folder: str
    state: str
    steps: int | None
    steps_left: int
    pflop_left: float
    needs: str | None


@dataclasses.dataclass(frozen=True)
class Plan:
    """Runs in the order of their execution, and how long they take.

    Attributes:
        runs: `Planned`.
        gpus: number of GPUs, which all work all the time.
        tflops: TFLOP/s of one of them.
        speed_is: where that is from: ``given``, ``measured here`` or ``assumed``.
    """

    runs: list[Planned]
    gpus: int
    tflops: float
    speed_is: str

    @property
    def pflop_left(self):
        """10¹⁵ floating-point operations of the runs that are possible and not finished."""
        return sum(run.pflop_left for run in self.runs if run.state in ("under way", "to do"))

    @property
    def hours(self):
        """Hours that they take."""
        return self.pflop_left * 1000 / (self.gpus * self.tflops * 3600)


def print_plan(runs, store, sources, notes, request):
    """Print a `Plan` after ``notes``, or with ``--json`` as an object; the rest as for `make_plan`."""
    plan = make_plan(runs, store, sources, request)
    if request.json:
        totals = {"pflop_left": plan.pflop_left, "hours": plan.hours}
        content = {"notes": notes} | dataclasses.asdict(plan) | totals
        print(json.dumps(content, indent=1, ensure_ascii=False))
    else:
        print("\n".join([*notes, *_lines(plan)]))


def make_plan(runs, store, sources, request):
    """The `Plan` of some runs.

    Args:
        runs: in the order of their execution, each after its dependency.
        store: `experiments.records.store.Store`.
        sources: `experiments.datasets.source.Source` by the name of the data set.
        request: options. The default is as many GPUs as share a run, at the speed of epochs in this runs
            folder, or at 1 TFLOP/s before any.

    Raises:
        InputError: more devices share a run than there are GPUs.
    """
    replicas = max((run.readings.replicas for run in runs), default=1)
    gpus, tflops = request.gpus or replicas, request.tflops
    if gpus < replicas:
        raise InputError(f"--gpus {gpus}: fewer than the --devices that share a run.")
    planned, impossible, frames, measured_flop, measured_seconds = [], {}, {}, 0.0, 0.0
    for run in runs:
        is_done, needed = store.metrics(run) is not None, dependency(run)
        needs = needed and needed.folder
        if not is_done and run.needs_imagenet and request.imagenet_weights == "none":
            impossible[run.folder] = "no ImageNet weights"
        elif not is_done and needs in impossible:
            impossible[run.folder] = impossible[needs]
        is_there = run.dataset in sources
        if is_there and run.split != "train" and sources[run.dataset].lacks(run.split):
            is_there = False
            if not is_done:
                impossible[run.folder] = f"no {run.split}"
        if not is_there:
            state = "done" if is_done else impossible.get(run.folder, "no data")
            planned.append(Planned(run.folder, state, None, 0, 0.0, needs))
            continue
        split = (run.dataset, run.split, run.readings.kitti_split_seed)
        if split not in frames:
            frames[split] = len(sources[run.dataset].frames(run.split, split_seed=split[-1]))
        total, epochs = steps(run, frames[split]), read_history(store.folder(run) / "history.csv")
        left = 0 if is_done else total - total * len(epochs) // run.schedule.epochs
        images = total / run.schedule.epochs * run.schedule.batch_size
        seconds = [images / speed for speed in speeds(epochs)]
        measured_flop += flop_per_step(run) * total / run.schedule.epochs * len(seconds)
        measured_seconds += sum(seconds) * run.readings.replicas
        state = "done" if is_done else "under way" if left < total else "to do"
        state, pflop = impossible.get(run.folder, state), left * flop_per_step(run) / 1e15
        planned.append(Planned(run.folder, state, total, left, pflop, needs))
    speed = (tflops, "given") if tflops else (1.0, "assumed")
    if measured_seconds and not tflops:
        speed = (measured_flop / measured_seconds / 1e12, "measured here")
    return Plan(planned, gpus, *speed)


def _lines(plan):
    for run in plan.runs:
        left = f" {run.steps_left:8d} of {run.steps} steps left {run.pflop_left:12.3f} PFLOP"
        yield f"{run.folder:60s} " + (run.state if run.steps is None else f"{run.state:10s}{left}")
    speed = f"{plan.gpus} GPU{'s' * (plan.gpus > 1)} at {plan.tflops:.3g} TFLOP/s each, {plan.speed_is}"
    yield f"left: {plan.pflop_left:.3f} PFLOP, {plan.hours:.3g} hours on {speed}"
    if plan.speed_is == "assumed":
        yield "no epoch of these runs has been timed here: give --tflops, the speed that your GPUs sustain"
