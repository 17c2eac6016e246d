"""``--plan``: what would run, what is left of it, and how long that takes."""

import dataclasses

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step, schedule, steps
from selfsup_segmentation.experiments.records.history import read_history


@dataclasses.dataclass(frozen=True)
class Planned:
    """A run of a plan.

    Attributes:
        folder: of the run.
        state: ``done``, ``under way``, ``to do``, ``no data``, or why it cannot run.
        steps: of the whole run; None where its data is not at hand.
        steps_left: of them.
        flop_left: floating-point operations of those.
        needs: folder of the run that it goes on from, or None.
        replicas: devices that share it.
    """

    folder: str
    state: str
    steps: int | None
    steps_left: int
    flop_left: float
    needs: str | None
    replicas: int


@dataclasses.dataclass(frozen=True)
class Plan:
    """Runs in the order in which they would run, and how fast they are.

    Attributes:
        runs: `Planned`.
        speed: FLOP/s of a run, from epochs that were timed in this runs folder; None without any.
    """

    runs: list[Planned]
    speed: float | None

    @property
    def to_run(self):
        """Those that can run and are not finished."""
        return [run for run in self.runs if run.state in ("under way", "to do")]

    @property
    def flop_left(self):
        """Floating-point operations of those."""
        return sum(run.flop_left for run in self.to_run)


def make_plan(runs, store, sources, cannot):
    """Look at every run.

    Args:
        runs: in the order in which they would run.
        store: `experiments.records.store.Store`.
        sources: `experiments.datasets.source.Source` by the name of the data set.
        cannot: dict of run folder to the reason why it cannot run.
    """
    counts, planned, measured_flop, measured_seconds = {}, [], 0.0, 0.0
    for run in runs:
        is_done, needed = store.metrics(run) is not None, dependency(run)
        what = {"needs": needed and needed.folder, "replicas": run.readings.replicas}
        if run.dataset not in sources:
            planned.append(Planned(run.folder, "done" if is_done else "no data", None, 0, 0.0, **what))
            continue
        data = (run.dataset, run.split, run.readings.kitti_split_seed)
        if data not in counts:
            name, split, seed = data
            counts[data] = len(sources[name].frames(split, split_seed=seed))
        total = steps(run, counts[data])
        history = read_history(store.folder(run) / "history.csv")
        left = total - (total if is_done else total * len(history) // run.schedule.epochs)
        for row in history:
            if row["images_per_second"] > 0:
                epoch_steps = total / run.schedule.epochs
                measured_flop += flop_per_step(run) * epoch_steps
                measured_seconds += epoch_steps * run.schedule.batch_size / row["images_per_second"]
        state = "done" if is_done else cannot.get(run.folder) or ("under way" if left < total else "to do")
        planned.append(Planned(run.folder, state, total, left, left * flop_per_step(run), **what))
    return Plan(planned, measured_flop / measured_seconds if measured_seconds else None)


def forecast(plan, gpus, tflops=None):
    """How long what is left of a plan takes on a number of GPUs, each of which has one run at a time.

    Args:
        plan: `Plan`.
        gpus: how many.
        tflops: TFLOP/s of one of them; None for what was measured here, or what is assumed where nothing was.

    Returns:
        `experiments.monitoring.cost.Schedule`, in hours.

    Raises:
        InputError: a run is shared by more devices than that.
    """
    tflops = tflops or assumed_tflops(plan, tflops)
    slots = gpus // max((run.replicas for run in plan.to_run), default=1)
    if slots < 1:
        raise InputError(f"--gpus {gpus}: fewer than the --devices that share a run.")
    hours = {
        run.folder: run.flop_left / 3600 / (tflops * 1e12 * run.replicas if tflops else plan.speed)
        for run in plan.to_run
    }
    return schedule(hours, {run.folder: run.needs for run in plan.to_run}, slots)


def assumed_tflops(plan, tflops):
    """What a `forecast` assumes for want of anything better: 1, or None if the speed is given or measured."""
    return None if tflops or plan.speed else 1.0


def plan_lines(plan, gpus=None, tflops=None):
    """Lines of a plan; ``gpus`` and ``tflops`` as for `forecast`, None for no forecast."""
    lines = []
    for run in plan.runs:
        if run.steps is None:
            lines.append(f"{run.folder:60s} {run.state}")
        else:
            left = f"{run.steps_left:8d} of {run.steps} steps left {run.flop_left / 1e15:12.3f} PFLOP"
            lines.append(f"{run.folder:60s} {run.state:10s} {left}")
    speed = tflops * 1e12 if tflops else plan.speed
    source = "given" if tflops else "measured here"
    hours = (
        f"{plan.flop_left / speed / 3600:.1f} hours at the {speed / 1e12:.2f} TFLOP/s {source}"
        if speed
        else "hours unknown: no epoch of these runs has been timed here yet"
    )
    lines.append(f"left: {plan.flop_left / 1e15:.3f} PFLOP, {hours}")
    if gpus is not None:
        seen = forecast(plan, gpus, tflops)
        limit = "the critical path" if seen.is_limited_by_path else "the number of GPUs"
        lines.append(
            f"on {gpus} GPUs: {seen.end:.3g} hours to the end; {limit} limits (critical path "
            f"{seen.path_length:.3g} hours, work shared out evenly {seen.work_per_slot:.3g} hours)"
        )
        if assumed := assumed_tflops(plan, tflops):
            advice = "divide by what yours sustain, or give --tflops"
            lines.append(f"these hours are at {assumed:g} TFLOP/s a GPU: {advice}")
        lines += [f"critical path: {' → '.join(seen.path)}"] * bool(seen.path)
    return lines


def plan_json(plan, notes, gpus=None, tflops=None):
    """The same as plain JSON values."""
    runs = [
        {
            "folder": run.folder,
            "state": run.state,
            "steps": run.steps,
            "steps_left": run.steps_left,
            "pflop_left": run.flop_left / 1e15,
            "needs": run.needs,
        }
        for run in plan.runs
    ]
    content = {"notes": notes, "runs": runs, "pflop_left": plan.flop_left / 1e15}
    content |= {"measured_tflops": plan.speed and plan.speed / 1e12, "given_tflops": tflops}
    if gpus is not None:
        seen = forecast(plan, gpus, tflops)
        content["forecast"] = {
            "gpus": gpus,
            "hours": seen.end,
            "critical_path": seen.path,
            "critical_path_hours": seen.path_length,
            "evenly_shared_hours": seen.work_per_slot,
            "limited_by": "critical path" if seen.is_limited_by_path else "gpus",
            "assumed_tflops": assumed_tflops(plan, tflops),
        }
    return content
