"""Training curves of runs as small multiples: one scale for all, so that they can be compared by eye."""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.records.history import read_history
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import LETTERS, Run
from selfsup_segmentation.reproduce.report.axes import Axis, around

WIDTH, HEIGHT = 240, 160
LEFT, RIGHT, TOP, BOTTOM = 38, 212, 24, 138  # of the drawing in a chart; the names of lines stand right of it
MOST_POINTS = 200
NAME_HEIGHT = 12

_EVERY_EPOCH = 0.5  # of the epochs have a number: below that, each is marked by a dot


@dataclasses.dataclass(frozen=True)
class Panel:
    """One kind of curves.

    Attributes:
        title: with unit.
        keys: column of the history by the name of the line's task.
        log: whether the numbers are shown on a logarithmic axis.
    """

    title: str
    keys: Mapping[str, str]
    log: bool = False


PANELS = (
    Panel("mean loss, log scale", {task: f"loss_{task}" for task in LETTERS}, log=True),
    Panel("validation mIoU", {"seg": "val_sem_miou", "color": "val_color_miou"}),
    Panel("weight of the loss, log scale", {task: f"weight_{task}" for task in LETTERS}, log=True),
    Panel("learning rate", {"rate": "learning_rate"}),
)
NAMES = {**LETTERS, "rate": "rate"}


@dataclasses.dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        task: it has the color of.
        name: short, beside its end.
        points: of an SVG polyline.
        dots: places of single points, where there are few.
        name_at: height of its name.
        told: what it says, in words.
    """

    task: str
    name: str
    points: str
    dots: tuple[tuple[float, float], ...]
    name_at: float
    told: str


@dataclasses.dataclass(frozen=True)
class Chart:
    """Curves on common axes."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]

    @property
    def told(self) -> str:
        """The chart in words, for who does not see it."""
        return f"{self.title}: {'; '.join(line.told for line in self.lines)}."


@dataclasses.dataclass(frozen=True)
class Curves:
    """What is shown of one run.

    Attributes:
        row: name of its row.
        run: the run.
        facts: short phrases.
        charts: its curves.
    """

    row: str
    run: Run
    facts: tuple[str, ...]
    charts: tuple[Chart, ...]


def training_curves(shown: Sequence[tuple[str, Run]], store: Store) -> list[Curves]:
    """Curves of the runs that have begun, and of their pre-training on the same data; each run once.

    Args:
        shown: (name of the row, run); a run may stand for several rows.
        store: of the runs.
    """
    rows = {}
    for row, run in shown:
        needed = dependency(run)
        if needed is not None and needed.dataset == run.dataset:
            rows.setdefault(needed.folder, (needed.row, needed))
        rows.setdefault(run.folder, (row, run))
    histories = {folder: _history(run, store) for folder, (_, run) in rows.items()}
    series = {
        folder: [_series(history, panel) for panel in PANELS] for folder, (history, _) in histories.items()
    }
    axes = [_axes([each[index] for each in series.values()], panel) for index, panel in enumerate(PANELS)]
    found = []
    for folder, (row, run) in rows.items():
        history, problem = histories[folder]
        if not history and not problem:
            continue
        charts = (
            _chart(panel, lines, *both)
            for panel, lines, both in zip(PANELS, series[folder], axes, strict=True)
            if lines
        )
        found.append(Curves(row, run, tuple(_facts(run, history, problem, store)), tuple(charts)))
    return found


def _history(run, store):
    """(rows, what is wrong with them or None)."""
    metrics = store.metrics(run)
    if metrics is not None:
        return metrics.history, None
    try:
        return read_history(store.folder(run) / "history.csv"), None
    except InputError as damage:
        return [], str(damage)


def _series(history, panel):
    """{task: [(epoch, number)]} of what can be shown; nothing of weights that never change."""
    series = {}
    for task, key in panel.keys.items():
        points = [(row["epoch"] + 1, row.get(key)) for row in history]
        points = [(x, y) for x, y in points if _showable(y, panel.log)]
        if len(points) > 1:
            series[task] = points
    if panel is not PANELS[0] and not any(_changes(points) for points in series.values()):
        return {}
    return series


def _showable(value, log):
    return value is not None and math.isfinite(value) and (value > 0 or not log)


def _changes(points):
    return len({y for _, y in points}) > 1


def _axes(all_series, panel):
    """The axes that hold all runs, or None."""
    points = [point for series in all_series for line in series.values() for point in line]
    if not points:
        return None, None
    last = max(x for x, _ in points)
    x = Axis(0, last, LEFT, RIGHT)
    return x, around((y for _, y in points), BOTTOM, TOP, panel.log)


def _chart(panel, series, x, y):
    heights = _apart({task: y(points[-1][1]) for task, points in series.items()})
    lines = []
    for task, points in series.items():
        kept = points[:: math.ceil(len(points) / MOST_POINTS)]
        kept += points[-1:] if kept[-1] != points[-1] else []
        places = [(x(epoch), y(value)) for epoch, value in kept]
        few = len(points) < _EVERY_EPOCH * x.high
        told = (
            f"{NAMES[task]} {points[0][1]:.3g} after epoch {points[0][0]:g}, {points[-1][1]:.3g} at the end"
        )
        text = " ".join(f"{left:g},{top:g}" for left, top in places)
        lines.append(Line(task, NAMES[task], text, tuple(places) if few else (), heights[task], told))
    return Chart(panel.title, x, y, tuple(lines))


def _apart(heights):
    """Heights of names, moved so that none covers another."""
    ordered = sorted(heights, key=heights.get)
    room = BOTTOM - NAME_HEIGHT * (len(ordered) - 1)
    places, lowest = {}, TOP
    for index, name in enumerate(ordered):
        places[name] = min(max(heights[name], lowest), room + NAME_HEIGHT * index)
        lowest = places[name] + NAME_HEIGHT
    return {name: round(place + 3.5, 1) for name, place in places.items()}  # on the middle of the letters


def _facts(run, history, problem, store):
    if problem:
        yield problem
        return
    if store.metrics(run):
        yield f"{len(history)} epochs"
    else:
        yield f"{len(history)} of {run.schedule.epochs} epochs, not finished"
    weights = {task: history[-1].get(f"weight_{task}") for task in run.tasks}
    if len(weights) > 1 and run.weighting == "GS":
        yield "weights " + ", ".join(f"{LETTERS[t]} {w:g}" for t, w in weights.items() if w is not None)
    rates = {row.get("learning_rate") for row in history} - {None}
    if len(rates) < 2:  # none: the run was made before rates were recorded
        at_first = " at first" * (not rates and run.readings.lr_schedule != "constant")
        yield f"learning rate {run.schedule.learning_rate:g}{at_first}"
    speeds = [row["images_per_second"] for row in history if (row.get("images_per_second") or 0) > 0]
    if speeds:
        yield f"{statistics.median(speeds):.3g} stereo pairs per second"
    validated = [(row["epoch"] + 1, row["val_sem_miou"]) for row in history if row.get("val_sem_miou")]
    if len(validated) == 1:
        epoch, value = validated[0]
        yield f"validated once, after epoch {epoch:g}: mIoU {value:.3f}"
