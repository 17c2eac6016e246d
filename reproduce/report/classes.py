"""IoU of each class, of every row beside its own baseline."""

import dataclasses
import functools
import statistics
from collections.abc import Sequence

import matplotlib

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.formats.numbers import signed
from selfsup_segmentation.reproduce.report import svg
from selfsup_segmentation.reproduce.tables.comparison import Table
from selfsup_segmentation.reproduce.tables.document import table_lines

LINE, MARGIN = 15, 22  # px: height of a bar with its gap, and of the axis at the top


@dataclasses.dataclass(frozen=True)
class ClassScore:
    """IoU of one class, fractions.

    Attributes:
        name: class name.
        ours: mean over seeds; None where no pixel of the validation images has the class.
        baseline: that of the baseline, or None.
    """

    name: str
    ours: float | None
    baseline: float | None

    @property
    def difference(self) -> str:
        """Ours minus the baseline, with its sign; empty where one of them is missing."""
        return "" if self.ours is None or self.baseline is None else signed(self.ours - self.baseline)

    def __str__(self) -> str:
        if self.ours is None:
            return f"{self.name}: in no validation image"
        baseline = f", baseline {self.baseline:.3f} ({self.difference})" if self.difference else ""
        return f"{self.name}: {self.ours:.3f}{baseline}"


@dataclasses.dataclass(frozen=True)
class ClassScores:
    """IoU by class of a row and initialization.

    Attributes:
        label: label of the row.
        init: initialization.
        baseline: label of the baseline; None without a measured one.
        scores: one for each class.
        chart: bars of the row and ticks of its baseline, as SVG.
    """

    label: str
    init: str
    baseline: str | None
    scores: tuple[ClassScore, ...]
    chart: str


def class_scores(
    table: Table, shown: Sequence[tuple[str, Run]], store: Store, readings: Readings
) -> list[ClassScores]:
    """Scores of the rows of a table that have a number for each class.

    Args:
        table: table that names the baselines.
        shown: (name of the row, run); also of baselines that are no row of the table.
        store: store of the runs.
        readings: readings that choose among the numbers of a run.
    """
    column = next((column for column in table.columns if column.task == "seg"), None)
    if column is None:
        return []
    measured = {}
    for row, run in shown:
        metrics = store.metrics(run)
        result = metrics and metrics.of("seg", readings)
        if result and result.at(readings).per_class:
            measured.setdefault((row, run.init), []).append(result.at(readings).per_class)
    labels = {row.name: row.label for _, row, _ in table_lines(table)}
    charts = []
    for _, row, init in table_lines(table):
        seeds = measured.get((row.name, init))
        if not seeds:
            continue
        name = table.cell(row.name, init, column.metric).baseline_row
        baseline = measured.get((name, init), []) if name != row.name else []
        scores = tuple(ClassScore(one, _mean(seeds, one), _mean(baseline, one)) for one in seeds[0])
        baseline_label = labels.get(name, name) if baseline else None
        charts.append(ClassScores(row.label, init, baseline_label, scores, _draw(row.label, init, scores)))
    return charts


def _mean(seeds, name):
    values = [seed[name] for seed in seeds if seed.get(name) is not None]
    return statistics.fmean(values) if values else None


@functools.lru_cache(maxsize=1024)  # a row is on several pages
@matplotlib.rc_context(svg.STYLE | {"xtick.top": False, "xtick.labeltop": True, "xtick.labelbottom": False})
def _draw(label, init, scores):
    places = range(len(scores))
    height = MARGIN + LINE * len(places) + 4
    figure = svg.new_figure(height)
    axes = figure.add_axes((0.3, 4 / height, 0.4, LINE * len(places) / height))
    axes.barh(places, [score.ours or 0 for score in scores], 0.6, color=svg.TASKS["seg"], clip_on=False)
    baseline = [(score.baseline, place) for place, score in enumerate(scores) if score.difference]
    if baseline:
        axes.plot(*zip(*baseline, strict=True), "|", color=svg.INK, ms=12, mew=2, clip_on=False)
    for place, score in enumerate(scores):
        text = "in no image" if score.ours is None else f"{score.ours:.3f}   {score.difference}"
        axes.text(1.05, place, text, va="center_baseline")
    axes.set(xlim=(0, 1), ylim=(len(places) - 0.5, -0.5), xticks=(0, 0.5, 1))
    axes.set_yticks(places, [score.name for score in scores])
    axes.grid(axis="y", visible=False)
    description = f"IoU by class of {label}, {init}: {'; '.join(map(str, scores))}."
    return svg.to_svg(figure, f"classes {label} {init}", description)
