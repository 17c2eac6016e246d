"""Which combination of weights the grid search picks.

A pick is the combination with the highest mean mIoU over seeds on the validation set. Means are compared at
six decimals, those of the table's JSON; ties go to the smaller w_color, then to the smaller w_depth.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfsup_segmentation.experiments.catalog import grid_row, table_row
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.published import GRID_WEIGHTS
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, compare
from selfsup_segmentation.reproduce.tables.significance import difference, significant
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

COMPARED_DECIMALS = 6


@dataclass(frozen=True)
class Combination:
    """One combination of weights.

    Attributes:
        row: Row of Table 1, ``SS+C+D/GS``.
        weights: Weights by task, as in `reproduce.published.GRID_WEIGHTS`.
        score: mIoU, with one value per finished seed, or the reason why there is none.
        seeds: Number of requested seeds.
    """

    row: str
    weights: Mapping[str, float]
    score: Cell
    seeds: int


@dataclass(frozen=True)
class Pick:
    """Result of the search over one set of tasks.

    Attributes:
        row: Row of Table 1, ``SS+C+D/GS``.
        init: Initialization of all runs.
        combinations: All combinations, in the order of the runs.
    """

    row: str
    init: str
    combinations: tuple[Combination, ...]

    @functools.cached_property
    def ranked(self) -> list[Combination]:
        """Finished combinations, the best first."""
        finished = [c for c in self.combinations if c.score.n]
        return sorted(finished, key=lambda c: (-round(c.score.mean, COMPARED_DECIMALS), *c.weights.values()))

    @property
    def weights(self) -> Mapping[str, float] | None:
        """Our pick; None when no combination is finished."""
        return self.ranked[0].weights if self.ranked else None

    @property
    def paper_weights(self) -> Mapping[str, float]:
        """The paper's pick; one for ImageNet and CoarseCTS."""
        return GRID_WEIGHTS[self.row]

    @property
    def paper_score(self) -> Cell | None:
        """Our mIoU with the paper's pick; None when it was not among the runs."""
        return next((c.score for c in self.combinations if c.weights == self.paper_weights), None)

    @property
    def finished_runs(self) -> int:
        """Number of finished runs."""
        return sum(c.score.n for c in self.combinations)

    @property
    def runs(self) -> int:
        """Number of requested runs."""
        return sum(c.seeds for c in self.combinations)

    @property
    def complete(self) -> bool:
        """Whether every run is finished, so that the pick is final."""
        return self.finished_runs == self.runs

    @functools.cached_property
    def beaten(self) -> list[bool | None]:
        """For each finished combination after the pick: whether the pick is significantly better.

        The pick was selected for its mean: the family is all pairs of combinations.
        """
        best, *others = (combination.score.values for combination in self.ranked)
        found = [difference(best, values) for values in others]
        answers = significant(found, math.comb(len(self.combinations), 2))
        return [None if d.p is None else answer for d, answer in zip(found, answers, strict=True)]

    @property
    def seed_std(self) -> float | None:
        """Standard deviation over seeds, pooled over combinations; None when each has one seed."""
        repeated = [c.score for c in self.ranked if c.score.n > 1]
        if not repeated:
            return None
        freedom = sum(score.n - 1 for score in repeated)
        return math.sqrt(sum((score.n - 1) * score.std**2 for score in repeated) / freedom)


def row_name(run: Run) -> str:
    """Name of a run for `reproduce.tables.collect.collect`: a combination, or a task alone, for the gains."""
    return grid_row(run) if run.weights else table_row(run)


def picks(
    runs: Sequence[Run], measured: Measured, init: str, reasons: Reasons | None = None
) -> dict[str, Pick]:
    """Our pick of each set of tasks, by row; arguments as for `reproduce.tables.grid_search.build`."""
    by_name: dict[str, list[Run]] = {}
    for run in runs:
        by_name.setdefault(grid_row(run), []).append(run)
    rows = tuple(Row(name, name, same[0].tasks, (init,)) for name, same in by_name.items())
    scores = compare("", COLUMNS[:1], [Group("", rows)], {}, measured, reasons or {}, baselines={})
    searched: dict[str, list[Combination]] = {}
    for name, (run, *others) in by_name.items():
        score = scores.cell(name, init, COLUMNS[0].metric)
        searched.setdefault(run.row, []).append(Combination(run.row, run.weights, score, 1 + len(others)))
    return {row: Pick(row, init, tuple(combinations)) for row, combinations in searched.items()}
