"""The grid search over loss weights (section 4.1): every combination, our picks, and the paper's beside them.

A pick is the combination with the highest mean mIoU over seeds on the validation set. Means are compared at
six decimals, those of the table's JSON; ties go to the smaller w_color, then to the smaller w_depth.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.catalog import grid_row, table_row
from experiments.readings import Readings
from experiments.run import Run
from reproduce.comparison import Cell, Group, Measured, Reasons, Row, Table, compare
from reproduce.published import GRID_WEIGHTS, INITS, TABLE1, TEXT
from reproduce.table1 import COLUMNS, TASK_BASELINES
from reproduce.wording import DECIMALS

COMPARED_DECIMALS = 6
OUR_MARK, PAPER_MARK = "◆", "◇"

FOOTNOTES = (
    f"{OUR_MARK} our pick, {PAPER_MARK} the paper's. A pick has the highest mean Sem. mIoU over seeds; ties, "
    f"at {COMPARED_DECIMALS} decimals, go to the smaller w_color, then w_depth. w_seg is 1.",
    "A pick is made on the images that it is scored on, as in the paper: its mIoU is optimistic.",
    "The paper prints numbers of its picks alone, for ImageNet and CoarseCTS.",
    "Disparity errors are capped at 50, as in the paper, which states no unit.",
)


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
    """Name of a run for `reproduce.tables.collect`: a combination, or a task alone, for the gains."""
    return grid_row(run) if run.weights else table_row(run)


def combinations(
    runs: Sequence[Run], measured: Measured, init: str, reasons: Reasons | None = None
) -> dict[str, list[Combination]]:
    """The combinations of each set of tasks, by row, in the order of the runs; arguments as for `build`."""
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
    """Our pick of each set of tasks, by row; arguments as for `build`."""
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


def in_words(pick: Pick) -> str:
    """A pick beside the paper's, and how much it means."""
    tasks = task_letters(pick.row)
    where = "" if pick.init in INITS else " for other initializations"
    paper = f"the paper's pick{where} is {weight_text(pick.paper_weights)}"
    if pick.weights is None:
        none = f"none of {pick.combinations} combinations is finished ({pick.reason})"
        return f"{tasks}: no pick, {none}; {paper}."
    head, so_far = tasks, ""
    if not pick.complete:
        head, so_far = f"{tasks}, so far ({_progress(pick)})", " so far"
    if pick.weights == pick.paper_weights:
        verdict = f": also ours{so_far}"
    elif pick.paper_miou is None:
        verdict = " (not finished here): open"
    else:
        lower = _lower(pick.miou - pick.paper_miou)
        verdict = f" (mIoU {_number(pick.paper_miou, pick.paper_std)} here, {lower}): not ours{so_far}"
    ours = f"picked {weight_text(pick.weights)} (mIoU {_number(pick.miou, pick.std)})"
    return f"{head}: {ours}; {paper}{verdict}. {_meaning(pick)}"


def _progress(pick: Pick) -> str:
    if pick.finished < pick.combinations:
        return f"{pick.finished} of {pick.combinations} combinations"
    return f"{pick.finished_runs} of {pick.runs} runs"


def _meaning(pick: Pick) -> str:
    if pick.next_miou is None:
        return "There is no other combination to compare it with."
    low, high, span = (
        f"{value:.{DECIMALS}f}" for value in (pick.lowest_miou, pick.miou, pick.miou - pick.lowest_miou)
    )
    chance = "one seed each, so how far another would move them is not known"
    if pick.seed_std is not None:
        chance = f"standard deviation over seeds {pick.seed_std:.{DECIMALS}f} (pooled over combinations)"
    return (
        f"The {pick.finished} combinations span {span} ({low} to {high}), the next best is "
        f"{_lower(pick.miou - pick.next_miou)}; {chance}."
    )


def _lower(difference: float) -> str:
    if not round(difference, COMPARED_DECIMALS):
        return "equal"
    smallest = 10**-DECIMALS
    return f"{difference:.{DECIMALS}f} lower" if difference >= smallest / 2 else f"less than {smallest} lower"


def _number(mean: float, std: float | None) -> str:
    return f"{mean:.{DECIMALS}f}" + ("" if std is None else f"±{std:.{DECIMALS}f}")


def task_letters(row: str) -> str:
    """``SS + C + D`` of the row ``SS+C+D/GS``."""
    return row.split("/")[0].replace("+", " + ")


def title(runs: Sequence[Run], init: str) -> str:
    """Heading of table and picture, with data set and initialization."""
    return f"Grid search over the loss weights: {runs[0].dataset}, {init}"


def weight_text(weights: Mapping[str, float]) -> str:
    """``w_color 1, w_depth 100``: what was searched, without the weight of segmentation."""
    return ", ".join(f"w_{task} {weight:g}" for task, weight in weights.items() if task != "seg")


def build(
    runs: Sequence[Run], measured: Measured, reasons: Reasons, init: str, notes: Sequence[str] = ()
) -> Table:
    """The table of all combinations from the results of finished runs.

    Args:
        runs: from `experiments.catalog.grid_search_runs`, of all seeds; at least one.
        measured: {(`row_name`, init): one {metric: value} a finished seed}. The single-task runs give the
            baselines of the gains.
        reasons: {(`row_name`, init): why there is no number}.
        init: of the runs.
        notes: Lines that must come first, for instance that the scale is not the paper's.

    Raises:
        ValueError: A measured value is not a finite number.
    """
    found = combinations(runs, measured, init)
    picked = picks(runs, measured, init, reasons)

    def row(each: Combination) -> Row:
        ours = OUR_MARK * (each.weights == picked[each.row].weights)
        paper = PAPER_MARK * (each.weights == GRID_WEIGHTS[each.row])
        label = f"{weight_text(each.weights)} {ours}{paper}".rstrip()
        return Row(each.score.row, label, tuple(each.weights), (init,))

    published = {
        each.score.row: TABLE1[each.row]
        for each in itertools.chain(*found.values())
        if each.weights == GRID_WEIGHTS[each.row]
    }
    footnotes = [*map(in_words, picked.values()), *FOOTNOTES]
    if init == "CoarseCTS":
        own = weight_text({"color": Readings().w_color, "depth": Readings().w_depth})
        footnotes.append(f"All combinations start from one CoarseCTS pre-training, which has {own}.")
    return compare(
        title(runs, init),
        COLUMNS[:3],
        [Group(task_letters(name), tuple(map(row, tried))) for name, tried in found.items()],
        {**TABLE1, **TEXT, **published},
        measured,
        reasons,
        baselines=TASK_BASELINES,
        notes=notes,
        footnotes=footnotes,
    )
