"""How long runs still take, by what others took here and by their own pace; no TensorFlow."""

import time

from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step, schedule, steps


class Paces:
    """Pace of runs that are under way in other processes, by the moments at which they end an epoch.

    Args:
        clock: returns seconds.

    Attributes:
        marks: by run, the (epochs done, moment) of its first look, and of each that found it further on.
    """

    def __init__(self, clock=time.monotonic):
        self.marks, self._clock = {}, clock

    def look(self, run, epochs):
        """Take note of how many epochs of a run are done."""
        marks = self.marks.setdefault(run, [])
        if marks and epochs < marks[-1][0]:
            marks.clear()  # it went on from an earlier state
        if not marks or epochs > marks[-1][0]:
            marks.append((epochs, self._clock()))

    def forget(self, run):
        """A run is no longer under way."""
        self.marks.pop(run, None)

    def measured(self, run):
        """(epochs, seconds) between two ends of epochs; zeros before the second."""
        ends = self.marks.get(run, ())[1:]  # the first look fell somewhere within an epoch
        return (ends[-1][0] - ends[0][0], ends[-1][1] - ends[0][1]) if len(ends) > 1 else (0, 0.0)

    def seconds_left(self, run, whole):
        """Seconds to the end of a run, of which ``whole`` would take that many at the pace of others."""
        if run not in self.marks:
            return whole
        epochs, seconds = self.measured(run)
        done, moment = self.marks[run][-1]
        each = seconds / epochs if epochs else whole / run.schedule.epochs
        return max(0.0, (run.schedule.epochs - done) * each - (self._clock() - moment))


class Countdown:
    """Seconds left, worked out when something happened and counted down in between.

    Args:
        work_out: returns seconds, or None where they are not known.
        clock: returns seconds.
    """

    def __init__(self, work_out, clock=time.monotonic):
        self._work_out, self._clock = work_out, clock
        self.renew()

    def renew(self):
        """Something happened: work it out when it is asked for."""
        self._known = False

    def __call__(self):
        """Seconds, at least 0; None where they are not known."""
        if not self._known:
            self._left, self._moment, self._known = self._work_out(), self._clock(), True
        return None if self._left is None else max(0.0, self._left - (self._clock() - self._moment))


def seconds_left(runs, store, slots=1, paces=None):
    """Seconds until some runs are done.

    Args:
        runs: `experiments.run.Run`; finished ones give the speed, that of everything from start to end, where
            they were trained in one go.
        store: `experiments.records.store.Store`.
        slots: runs at a time.
        paces: `Paces` of those under way; they give the speed while nothing is finished.

    Returns:
        An estimate that takes a run for one that has not begun unless ``paces`` know it; None while nothing
        tells the speed.
    """
    paces = paces or Paces()
    described = {run: store.description(run) for run in runs}
    frames = {
        (run.dataset, run.split): d["data"]["train_frames"] for run, d in described.items() if _counted(d)
    }
    left, flop, seconds = {}, 0.0, 0.0
    for run, description in described.items():
        # Another split of the same data may be all that is known; a guess beats none.
        known = frames.get((run.dataset, run.split)) or next(iter(frames.values()), 0)
        cost, metrics = steps(run, known) * flop_per_step(run), store.metrics(run)
        if metrics is None:
            left[run] = cost
        elif _counted(description) and len(description["sessions"]) == 1 and metrics.get("session_seconds"):
            flop += cost
            seconds += metrics["session_seconds"]
    if not flop:
        for run, cost in left.items():
            epochs, took = paces.measured(run)
            flop += cost * epochs / run.schedule.epochs
            seconds += took
    if not flop:
        return None
    ordered = sorted(left, key=lambda run: run not in paces.marks)  # those under way have their slots
    durations = {run.folder: paces.seconds_left(run, left[run] * seconds / flop) for run in ordered}
    needs = {run.folder: needed.folder for run in ordered if (needed := dependency(run))}
    return schedule(durations, needs, slots).end


def _counted(described):
    return described is not None and "train_frames" in described["data"]


def duration(seconds):
    """``45 s``, ``12 min``, ``3.4 h`` or ``2.1 days``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
