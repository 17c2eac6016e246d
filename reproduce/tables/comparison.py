"""Published and measured numbers side by side, as plain data without a format.

A measured value comes from a finished run or not at all: an empty cell carries the reason why it is empty,
and a published number never takes its place.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.significance import significant

Published = Mapping[str, Mapping[str, Mapping[str, float]]]
"""{row: {init: {metric: value}}}, as in ``reproduce.published``."""

Measured = Mapping[tuple[str, str], Mapping[int, Mapping[str, float]]]
"""{(row, init): {finished seed: {metric: value}}}."""

Reasons = Mapping[tuple[str, str], str]
"""{(row, init): why it has no number, or fewer seeds than requested}."""

NOT_RUN = "not run"


@dataclass(frozen=True)
class Column:
    """A metric, its title and its task."""

    metric: str
    title: str
    task: str
    lower_is_better: bool = False


@dataclass(frozen=True)
class Row:
    """A row of the paper's table: one set of tasks and one weighting, for one or several initializations.

    Attributes:
        best: Whether the paper marks it as best.
        baseline: Row that gains are measured against, where it is not the single-task row.
    """

    name: str
    label: str
    tasks: tuple[str, ...]
    inits: tuple[str, ...]
    best: bool = False
    baseline: str | None = None


@dataclass(frozen=True)
class Group:
    """Rows under a common heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A comparison: cells, their layout, and notes (shown first) and footnotes (shown last)."""

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()

    def cell(self, row: str, init: str, metric: str) -> Cell:
        """The cell at an address; KeyError if the table has none."""
        address = (row, init, metric)
        for cell in self.cells:
            if (cell.row, cell.init, cell.metric) == address:
                return cell
        raise KeyError(address)

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
                    "title": g.title,
                    "rows": [{"row": r.name, "label": r.label, "best": r.best} for r in g.rows],
                }
                for g in self.groups
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
        reasons: Why a row and initialization is empty; by default "not run".
        baselines: {task: {init: row}}, the single-task row that a row with several tasks is compared with.
        notes: Lines that come first.
        footnotes: Lines that come last.

    Raises:
        ValueError: A measured value that the table would show is not a finite number.
    """

    def values(row: str | None, init: str, metric: str) -> dict[int, float]:
        seeds = measured.get((row, init), {})
        return {seed: numbers[metric] for seed, numbers in seeds.items() if metric in numbers}

    def printed(row: str | None, init: str, metric: str) -> float | None:
        return published.get(row, {}).get(init, {}).get(metric)

    def cell(row: Row, init: str, column: Column) -> Cell:
        metric, reason = column.metric, reasons.get((row.name, init))
        if column.task not in row.tasks:
            return Cell(row.name, init, metric, applies=False)
        ours = values(row.name, init, metric)
        if not ours and not reason:
            finished = measured.get((row.name, init))
            reason = f"finished, but its results have no {metric}" if finished else NOT_RUN
        of_task = baselines.get(column.task, {}).get(init) if len(row.tasks) > 1 else None
        baseline = row.baseline or of_task
        return Cell(
            row=row.name,
            init=init,
            metric=metric,
            published=printed(row.name, init, metric),
            values=ours,
            reason=reason,
            baseline_row=baseline,
            baseline=values(baseline, init, metric),
            published_baseline=printed(baseline, init, metric),
        )

    lines = [(row, init) for group in groups for row in group.rows for init in row.inits]
    by_column = [_with_significance([cell(*line, column) for line in lines]) for column in columns]
    cells = tuple(cell for line in zip(*by_column, strict=True) for cell in line)
    return Table(title, tuple(columns), tuple(groups), cells, tuple(notes), tuple(footnotes))


def _with_significance(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a column; their gains are one family of comparisons."""
    gains = {index: cell.compared for index, cell in enumerate(cells) if cell.compared}
    answers = dict(zip(gains, significant(list(gains.values())), strict=True))
    told = {index: answer for index, answer in answers.items() if gains[index].p is not None}
    return [dataclasses.replace(cell, significant=told.get(index)) for index, cell in enumerate(cells)]
