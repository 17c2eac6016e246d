"""The table of the grid search (section 4.1): all combinations of weights, our picks, and the paper's."""

import itertools
from collections.abc import Mapping, Sequence

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.formats.numbers import DECIMALS
from selfsup_segmentation.reproduce.published import GRID_WEIGHTS, INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, Table, compare
from selfsup_segmentation.reproduce.tables.grid_picks import (
    COMPARED_DECIMALS,
    Combination,
    Pick,
    combinations,
    picks,
)
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS, TASK_BASELINES

OUR_MARK, PAPER_MARK = "◆", "◇"

FOOTNOTES = (
    f"{OUR_MARK} our pick, {PAPER_MARK} the paper's. A pick has the highest mean Sem. mIoU over seeds; ties, "
    f"at {COMPARED_DECIMALS} decimals, go to the smaller w_color, then w_depth. w_seg is 1.",
    "A pick is made on the images that it is scored on, as in the paper: its mIoU is optimistic.",
    "The paper prints numbers of its picks alone, for ImageNet and CoarseCTS.",
    "Disparity errors are capped at 50, as in the paper, which states no unit.",
)


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
        measured: {(`reproduce.tables.grid_picks.row_name`, init): one {metric: value} a finished seed}. The
            single-task runs give the baselines of the gains.
        reasons: {(name, init) as before: why there is no number}.
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
