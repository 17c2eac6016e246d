"""How long runs still take, by what finished ones took here; no TensorFlow."""

from experiments.cost import flop_per_step, steps


def seconds_left(runs, store, slots=1):
    """Seconds until some runs are done.

    Args:
        runs: `experiments.run.Run`; finished ones give the speed, that of everything from start to end, where
            they were trained in one go.
        store: `experiments.store.Store`.
        slots: runs at a time.

    Returns:
        An estimate that takes a run that is under way for one that has not begun; None while nothing is
        finished to tell the speed by.
    """
    done = [(run, store.metrics(run), store.description(run)) for run in runs]
    frames = {(run.dataset, run.split): d["data"]["train_frames"] for run, _, d in done if _counted(d)}
    flop = seconds = left = 0.0
    for run, metrics, described in done:
        # Another split of the same data may be all that is known; a guess beats none.
        known = frames.get((run.dataset, run.split)) or next(iter(frames.values()), 0)
        cost = steps(run, known) * flop_per_step(run)
        if metrics is None:
            left += cost
        elif _counted(described) and len(described["sessions"]) == 1 and metrics.get("session_seconds"):
            flop += cost
            seconds += metrics["session_seconds"]
    return left * seconds / flop / slots if flop else None


def _counted(described):
    return described is not None and "train_frames" in described["data"]


def duration(seconds):
    """``45 s``, ``12 min``, ``3.4 h`` or ``2.1 days``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
