"""Training curves of runs as small multiples on common axes."""

import dataclasses
import functools
import math
import statistics
from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.ticker import LogLocator, MaxNLocator

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import dependency
from selfsup_segmentation.experiments.records.history import read_history, speeds
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.experiments.tasks import TASKS, named
from selfsup_segmentation.reproduce.report import svg

MAX_POINTS = 200  # of a line
TOP, PANEL, TITLE, BOTTOM = 48, 76, 24, 34  # px: legend with a title, panel, title, x axis
DASHES = {"seg": "-", "color": (0, (4, 2)), "depth": (0, (1, 1))}

LOG = ", log scale"
PANELS = {
    f"mean loss{LOG}": "loss_{}",
    "validation mIoU": {"seg": "val_sem_miou", "color": "val_color_miou"},
    f"weight{LOG}": "weight_{}",
    f"length of the encoder gradient{LOG}": "norm_{}",
    "cosine with the gradient of the main task": "cosine_{}",
    "learning rate": {"all": "learning_rate"},
}
"""Columns of the history by title and task, or their pattern for every task."""

Points = tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class Curves:
    """The training of one run.

    Attributes:
        row: name of its table row.
        run: its description.
        facts: short phrases.
        chart: SVG; empty with fewer than two epochs.
    """

    row: str
    run: Run
    facts: tuple[str, ...]
    chart: str


def training_curves(shown: Sequence[tuple[str, Run]], store: Store) -> list[Curves]:
    """Curves of the runs that have begun, and of their pre-training on the same data; each run once.

    Args:
        shown: (name of the row, run); a run may stand for several rows.
        store: store of the runs.
    """
    rows = {}
    for row, run in shown:
        needed = dependency(run)
        if needed is not None and needed.dataset == run.dataset:
            rows.setdefault(needed.folder, (needed.row, needed))
        rows.setdefault(run.folder, (row, run))
    histories = {folder: _read(run, store) for folder, (_, run) in rows.items()}
    lines = {folder: panel_lines(history) for folder, (history, _) in histories.items()}
    limits = tuple(_limits([panels[title] for panels in lines.values()], LOG in title) for title in PANELS)
    epochs = max((len(history) for history, _ in histories.values()), default=0)
    curves = []
    for folder, (row, run) in rows.items():
        history, problem = histories[folder]
        if history or problem:
            facts = [problem] if problem else _facts(run, history, store)
            panels = tuple(tuple(lines[folder][title].items()) for title in PANELS)
            curves.append(Curves(row, run, tuple(facts), _draw(folder, panels, limits, epochs)))
    return curves


def panel_lines(history: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, Points]]:
    """(epoch, number) of each line by panel and task.

    Numbers that the panel cannot show are left out, and so are lines of fewer than two points and, except for
    the losses, panels in which nothing changes.
    """
    panels = {}
    for title, columns in PANELS.items():
        lines, log = {}, LOG in title
        if isinstance(columns, str):
            columns = {task.name: columns.format(task.name) for task in TASKS}
        for task, column in columns.items():
            points = ((row["epoch"] + 1, row.get(column)) for row in history)
            points = ((x, y) for x, y in points if y is not None and math.isfinite(y))
            points = tuple((x, y) for x, y in points if y > 0 or not log)
            if len(points) > 1:
                lines[task] = points
        changes = any(y != points[0][1] for points in lines.values() for _, y in points)
        panels[title] = lines if changes or title.startswith("mean loss") else {}
    return panels


def _describe(panels):
    """The first and last numbers of every line, for screen readers."""
    return " ".join(
        f"{title}: "
        + "; ".join(
            f"{_title(task)} {points[0][1]:.3g} after epoch {points[0][0]:g}, {points[-1][1]:.3g} at the end"
            for task, points in lines
        )
        + "."
        for title, lines in panels
    )


def _title(task):
    return "all tasks" if task == "all" else named([task])[0].title


def _read(run, store):
    """(history, message about its damage or None)."""
    metrics = store.metrics(run)
    if metrics is not None:
        return metrics.history, None
    try:
        return read_history(store.folder(run) / "history.csv"), None
    except InputError as damage:
        return [], str(damage)


def _limits(panels, log):
    """(lowest, highest number) of a panel's y axis, over all runs."""
    values = [y for lines in panels for points in lines.values() for _, y in points]
    if log:
        return min(values, default=1) / 1.25, max(values, default=1) * 1.25
    low, high = min([0.0, *values]), max([0.0, *values]) * 1.05
    return low, high if high > low else low + 1


@functools.lru_cache(maxsize=1024)  # a run is on several pages
@matplotlib.rc_context(svg.STYLE)
def _draw(name, panels, limits, epochs):
    shown = [(title, lines, ends) for title, lines, ends in zip(PANELS, panels, limits, strict=True) if lines]
    if not shown:
        return ""
    height = TOP + (TITLE + PANEL) * len(shown) - TITLE + BOTTOM
    figure = svg.new_figure(height)
    figure.subplots_adjust(0.14, BOTTOM / height, 0.96, 1 - TOP / height, hspace=TITLE / PANEL)
    rows = figure.subplots(len(shown), sharex=True, squeeze=False)[:, 0]
    for axes, (title, lines, (low, high)) in zip(rows, shown, strict=True):
        axes.set(title=title, yscale="log" if LOG in title else "linear", ylim=(low, high))
        for task, points in lines:
            sampled = [*points[:: math.ceil(len(points) / MAX_POINTS)], points[-1]]
            style = {"color": svg.TASKS.get(task, svg.INK), "linestyle": DASHES.get(task, "-")}
            marker = "o" if len(points) < epochs / 2 else ""
            axes.plot(*zip(*sampled, strict=True), marker=marker, label=_title(task), clip_on=False, **style)
        axes.minorticks_off()
        axes.grid(axis="x", visible=False)
        subs = (1, 2, 5) if high < 50 * low else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=4) if LOG in title else MaxNLocator(3))
        axes.yaxis.set_major_formatter("{x:g}")
    rows[-1].set(xlim=(0, epochs), xlabel="epoch")
    rows[-1].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    figure.legend(*rows[0].get_legend_handles_labels(), loc="upper left", ncols=3)
    return svg.to_svg(figure, name, _describe((title, lines) for title, lines, _ in shown))


def _facts(run, history, store):
    if store.metrics(run):
        yield f"{len(history)} epochs"
    else:
        yield f"{len(history)} of {run.schedule.epochs} epochs, not finished"
    if len(run.tasks) > 1 and run.weighting == "GS":
        weights = {task.letters: history[-1].get(f"weight_{task.name}") for task in named(run.tasks)}
        yield "weights " + ", ".join(f"{name} {w:g}" for name, w in weights.items() if w is not None)
    rates = {row.get("learning_rate") for row in history} - {None}
    if len(rates) < 2:  # none: the run is older than the column
        initial = " at first" * (not rates and run.readings.lr_schedule != "constant")
        yield f"learning rate {run.schedule.learning_rate:g}{initial}"
    if found := speeds(history):
        yield f"{statistics.median(found):.3g} stereo pairs per second"
    validated = [(row["epoch"] + 1, row["val_sem_miou"]) for row in history if row.get("val_sem_miou")]
    if len(validated) == 1:
        epoch, miou = validated[0]
        yield f"validated once, after epoch {epoch:g}: mIoU {miou:.3f}"
