"""IoU of each class, of every row beside its own baseline."""

import dataclasses
import statistics
from collections.abc import Sequence

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.formats.numbers import signed, table_lines
from selfsup_segmentation.reproduce.report.axes import Axis
from selfsup_segmentation.reproduce.tables.comparison import Table

WIDTH, LINE, TOP = 320, 15, 18
X = Axis(0, 1, 88, 240)


@dataclasses.dataclass(frozen=True)
class Bar:
    """One class.

    Attributes:
        name: of the class.
        ours: IoU, mean over seeds; None where no pixel of the validation images has the class.
        baseline: that of the baseline, or None.
    """

    name: str
    ours: float | None
    baseline: float | None

    @property
    def difference(self) -> float | None:
        """Ours minus the baseline."""
        return None if self.ours is None or self.baseline is None else self.ours - self.baseline

    @property
    def told(self) -> str:
        """The bar in words."""
        if self.ours is None:
            return f"{self.name}: in no validation image"
        beside = (
            "" if self.difference is None else f", baseline {self.baseline:.3f} ({signed(self.difference)})"
        )
        return f"{self.name}: {self.ours:.3f}{beside}"


@dataclasses.dataclass(frozen=True)
class ClassChart:
    """A row and initialization.

    Attributes:
        label, init: of the row.
        baseline: its label, or None where there is none or nothing of it was measured.
        bars: by class.
    """

    label: str
    init: str
    baseline: str | None
    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        """Of the chart."""
        return TOP + LINE * len(self.bars) + 4

    @property
    def told(self) -> str:
        """The chart in words."""
        return f"IoU by class of {self.label}, {self.init}: {'; '.join(bar.told for bar in self.bars)}."


def class_charts(
    table: Table, shown: Sequence[tuple[str, Run]], store: Store, readings: Readings
) -> list[ClassChart]:
    """Charts of the rows of a table that have a number for each class.

    Args:
        table: it names the baselines.
        shown: (name of the row, run); also of baselines that are no row of the table.
        store: of the runs.
        readings: they choose among the numbers of a run.
    """
    column = next((column for column in table.columns if column.task == "seg"), None)
    if column is None:
        return []
    measured = {}
    for row, run in shown:
        classes = _of_run(store.metrics(run), readings)
        if classes:
            measured.setdefault((row, run.init), []).append(classes)
    labels = {row.name: row.label for _, row, _ in table_lines(table)}
    charts = []
    for _, row, init in table_lines(table):
        seeds = measured.get((row.name, init))
        if not seeds:
            continue
        name = table.cell(row.name, init, column.metric).baseline_row
        against = measured.get((name, init), []) if name != row.name else []
        bars = tuple(Bar(each, _mean(seeds, each), _mean(against, each)) for each in seeds[0])
        charts.append(ClassChart(row.label, init, labels.get(name, name) if against else None, bars))
    return charts


def _of_run(metrics, readings):
    result = metrics and metrics.of("seg", readings)
    return result and result.at(readings).per_class


def _mean(seeds, name):
    values = [seed[name] for seed in seeds if seed.get(name) is not None]
    return statistics.fmean(values) if values else None
