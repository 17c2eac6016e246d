"""Published and measured numbers side by side, as plain data that knows nothing of how it is shown.

A measured value comes from a finished run or not at all: an empty cell carries the reason why it is empty,
and nothing here copies a published number into its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfsup_segmentation.reproduce.tables.cell import Cell

Published = Mapping[str, Mapping[str, Mapping[str, float]]]
"""{row: {init: {metric: value}}}, as in ``reproduce.published``."""

Measured = Mapping[tuple[str, str], Sequence[Mapping[str, float]]]
"""{(row, init): one {metric: value} for each finished seed}."""

Reasons = Mapping[tuple[str, str], str]
"""{(row, init): why it has no number, or fewer seeds than were asked for}."""

NOT_RUN = "not run"


@dataclass(frozen=True)
class Column:
    """A metric, the task that it belongs to, and how it reads."""

    metric: str
    title: str
    task: str
    lower_is_better: bool = False


@dataclass(frozen=True)
class Row:
    """A line of the paper's table: one set of tasks and one weighting, for one or several initializations."""

    name: str
    label: str
    tasks: tuple[str, ...]
    inits: tuple[str, ...]
    best: bool = False  # the paper's mark, not ours
    baseline: str | None = None  # row that gains are against, where it is not the one of the task


@dataclass(frozen=True)
class Group:
    """Rows under a common heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A whole comparison: what stands where, and what a reader has to be told.

    ``notes`` come first wherever the table is shown (for instance that it was made at demo scale);
    ``footnotes`` come last.
    """

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()

    def cell(self, row: str, init: str, metric: str) -> Cell:
        """The cell at an address; KeyError if the table has none."""
        for cell in self.cells:
            if (cell.row, cell.init, cell.metric) == (row, init, metric):
                return cell
        raise KeyError((row, init, metric))

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON; a cell is found under ``["cells"][row][init][metric]``."""
        cells: dict[str, dict[str, dict[str, object]]] = {}
        for cell in self.cells:
            cells.setdefault(cell.row, {}).setdefault(cell.init, {})[cell.metric] = cell.as_dict()
        return {
            "notes": list(self.notes),
            "title": self.title,
            "columns": [
                {"metric": c.metric, "title": c.title, "lower_is_better": c.lower_is_better}
                for c in self.columns
            ],
            "groups": [
                {
                    "title": group.title,
                    "rows": [{"row": row.name, "label": row.label, "best": row.best} for row in group.rows],
                }
                for group in self.groups
            ],
            "cells": cells,
            "footnotes": list(self.footnotes),
        }


def compare(
    title: str,
    columns: Sequence[Column],
    groups: Sequence[Group],
    published: Published,
    measured: Measured,
    reasons: Reasons,
    *,
    baselines: Mapping[str, Mapping[str, str]],
    notes: Sequence[str] = (),
    footnotes: Sequence[str] = (),
) -> Table:
    """Build a table.

    Args:
        title: Heading.
        columns: Metrics, left to right.
        groups: Rows, top to bottom.
        published: The paper's numbers, of the rows and of the baselines.
        measured: Ours. Rows that are neither shown nor a baseline are ignored: a folder may hold more.
        reasons: Why a row and initialization is empty; "not run" where it says nothing.
        baselines: {task: {init: row}}, the single-task row that a row with several tasks is compared with.
        notes: Lines that come first.
        footnotes: Lines that come last.

    Raises:
        ValueError: A measured value that the table would show is not a finite number.
    """

    def cell(row: Row, init: str, column: Column) -> Cell:
        applies = column.task in row.tasks
        if not applies:
            return Cell(row.name, init, column.metric, applies=False)
        seeds = measured.get((row.name, init), ())
        values = _values(seeds, column.metric)
        reason = reasons.get((row.name, init))
        if not values and not reason:
            reason = f"finished, but its results have no {column.metric}" if seeds else NOT_RUN
        of_task = baselines.get(column.task, {}).get(init) if len(row.tasks) > 1 else None
        baseline_row = row.baseline or of_task
        return Cell(
            row=row.name,
            init=init,
            metric=column.metric,
            published=_published(published, row.name, init, column.metric),
            values=values,
            reason=reason,
            baseline_row=baseline_row,
            baseline=_values(measured.get((baseline_row, init), ()), column.metric),
            published_baseline=_published(published, baseline_row, init, column.metric),
        )

    cells = (cell(r, i, c) for g in groups for r in g.rows for i in r.inits for c in columns)
    return Table(title, tuple(columns), tuple(groups), tuple(cells), tuple(notes), tuple(footnotes))


def _values(seeds: Sequence[Mapping[str, float]], metric: str) -> tuple[float, ...]:
    return tuple(seed[metric] for seed in seeds if metric in seed)


def _published(published: Published, row: str | None, init: str, metric: str) -> float | None:
    return published.get(row, {}).get(init, {}).get(metric)
