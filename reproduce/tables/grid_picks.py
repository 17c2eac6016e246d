"""Which combination of weights the grid search picks.

A pick is the combination with the highest mean mIoU over seeds on the validation set. Means are compared at
six decimals, those of the table's JSON; ties go to the smaller w_color, then to the smaller w_depth.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfsup_segmentation.experiments.catalog import grid_row, table_row
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.published import GRID_WEIGHTS
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, compare
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

COMPARED_DECIMALS = 6


@dataclass(frozen=True)
class Combination:
    """One combination of weights.

    Attributes:
        row: ``SS+C+D/GS``.
        weights: by task, as in `reproduce.published.GRID_WEIGHTS`.
        score: its mIoU, with one value for each finished seed, or the reason why there is none.
        seeds: how many were asked for.
    """

    row: str
    weights: Mapping[str, float]
    score: Cell
    seeds: int

    @property
    def rank(self) -> tuple[float, ...]:
        """Sorts finished combinations, the best first."""
        return (-round(self.score.mean, COMPARED_DECIMALS), *self.weights.values())


@dataclass(frozen=True)
class Pick:
    """What the search over one set of tasks found; numbers are mIoU, fractions, None where there is none.

    Attributes:
        row: ``SS+C+D/GS``.
        init: of all runs.
        weights: our pick, by task, as in `reproduce.published.GRID_WEIGHTS`; None when nothing is finished.
        miou: its mean over seeds, the highest of all.
        std: its sample standard deviation over seeds.
        paper_weights: the paper's pick; one set for ImageNet and CoarseCTS.
        paper_miou, paper_std: ours, measured with the paper's pick.
        next_miou: the second highest mean.
        lowest_miou: the lowest mean.
        seed_std: standard deviation over seeds, pooled over all combinations.
        finished, combinations: how many combinations have a number, and how many there are.
        finished_runs, runs: the same for single runs.
        reason: why nothing is finished.
    """

    row: str
    init: str
    weights: Mapping[str, float] | None
    miou: float | None
    std: float | None
    paper_weights: Mapping[str, float]
    paper_miou: float | None
    paper_std: float | None
    next_miou: float | None
    lowest_miou: float | None
    seed_std: float | None
    finished: int
    combinations: int
    finished_runs: int
    runs: int
    reason: str | None

    @property
    def complete(self) -> bool:
        """Whether every run is finished, so that the pick is final."""
        return self.finished_runs == self.runs


def row_name(run: Run) -> str:
    """Name of a run for `reproduce.tables.collect.collect`: a combination, or a task alone, for the gains."""
    return grid_row(run) if run.weights else table_row(run)


def combinations(
    runs: Sequence[Run], measured: Measured, init: str, reasons: Reasons | None = None
) -> dict[str, list[Combination]]:
    """The combinations of each set of tasks, by row, in the order of the runs.

    Arguments and errors are those of `reproduce.tables.grid_search.build`.
    """
    by_name: dict[str, list[Run]] = {}
    for run in runs:
        by_name.setdefault(grid_row(run), []).append(run)
    rows = tuple(Row(name, name, same[0].tasks, (init,)) for name, same in by_name.items())
    scores = compare("", COLUMNS[:1], [Group("", rows)], {}, measured, reasons or {}, baselines={})
    found: dict[str, list[Combination]] = {}
    for name, (run, *others) in by_name.items():
        score = scores.cell(name, init, COLUMNS[0].metric)
        found.setdefault(run.row, []).append(Combination(run.row, run.weights, score, 1 + len(others)))
    return found


def picks(
    runs: Sequence[Run], measured: Measured, init: str, reasons: Reasons | None = None
) -> dict[str, Pick]:
    """Our pick of each set of tasks, by row; arguments as for `reproduce.tables.grid_search.build`."""
    found = combinations(runs, measured, init, reasons)
    return {row: _pick(row, init, tried) for row, tried in found.items()}


def _pick(row: str, init: str, tried: Sequence[Combination]) -> Pick:
    ranked = sorted((each for each in tried if each.score.n), key=lambda each: each.rank)
    means = [each.score.mean for each in ranked]
    best = ranked[0] if ranked else None
    paper = next((each.score for each in tried if each.weights == GRID_WEIGHTS[row]), None)
    return Pick(
        row=row,
        init=init,
        weights=best and best.weights,
        miou=best and best.score.mean,
        std=best and best.score.std,
        paper_weights=dict(GRID_WEIGHTS[row]),
        paper_miou=paper and paper.mean,
        paper_std=paper and paper.std,
        next_miou=means[1] if len(means) > 1 else None,
        lowest_miou=min(means, default=None),
        seed_std=_pooled_std([each.score for each in ranked]),
        finished=len(ranked),
        combinations=len(tried),
        finished_runs=sum(each.score.n for each in tried),
        runs=sum(each.seeds for each in tried),
        reason=None if ranked else "; ".join(dict.fromkeys(each.score.reason for each in tried)),
    )


def _pooled_std(scores: Sequence[Cell]) -> float | None:
    repeated = [score for score in scores if score.std is not None]
    if not repeated:
        return None
    freedom = sum(score.n - 1 for score in repeated)
    return math.sqrt(sum((score.n - 1) * score.std**2 for score in repeated) / freedom)
