"""``--plan``: what would run, what is left of it, and how long that takes."""

from experiments.cost import flop_per_step, steps
from experiments.history import read_history


def plan_lines(runs, store, sources, needs):
    """Lines of the plan.

    Args:
        runs: in the order in which they would run.
        store: `experiments.store.Store`.
        sources: `experiments.sources.Source` by the name of the data set.
        needs: dict of run folder to the reason why it cannot run.

    Returns:
        List of str. Hours come from the speed of runs that are finished or under way in this runs folder;
        without any there are none.
    """
    counts = {}
    lines, left_flop, measured_flop, measured_seconds = [], 0.0, 0.0, 0.0
    for run in runs:
        if run.dataset not in sources:
            lines.append(f"{run.folder:60s} {'done' if store.metrics(run) else 'no data'}")
            continue
        data = (run.dataset, run.split)
        if data not in counts:  # another split of KITTI has as many frames
            counts[data] = len(sources[run.dataset].frames(run.split))
        total = steps(run, counts[data])
        history = read_history(store.folder(run) / "history.csv")
        done = total if store.metrics(run) else total * len(history) // run.schedule.epochs
        for row in history:
            if row["images_per_second"] > 0:
                epoch_steps = total / run.schedule.epochs
                measured_flop += flop_per_step(run) * epoch_steps
                measured_seconds += epoch_steps * run.schedule.batch_size / row["images_per_second"]
        state = "done" if store.metrics(run) else needs.get(run.folder) or ("under way" if done else "to do")
        if run.folder not in needs:
            left_flop += (total - done) * flop_per_step(run)
        pflop = (total - done) * flop_per_step(run) / 1e15
        lines.append(
            f"{run.folder:60s} {state:10s} {total - done:8d} of {total} steps left {pflop:12.3f} PFLOP"
        )
    speed = measured_flop / measured_seconds if measured_seconds else None
    hours = (
        f"{left_flop / speed / 3600:.1f} hours at the {speed / 1e12:.2f} TFLOP/s measured here"
        if speed
        else ("hours unknown: no epoch of these runs has been timed here yet")
    )
    lines.append(f"left: {left_flop / 1e15:.3f} PFLOP, {hours}")
    return lines
