"""The table of the grid search (section 4.1): all combinations of weights, our picks, and the paper's."""

from collections.abc import Mapping, Sequence

from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.formats.numbers import DECIMALS
from selfsup_segmentation.reproduce.published import INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, Table, compare
from selfsup_segmentation.reproduce.tables.document import cell_text
from selfsup_segmentation.reproduce.tables.grid_picks import COMPARED_DECIMALS, Pick, picks
from selfsup_segmentation.reproduce.tables.significance import in_words
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS, TASK_BASELINES

OUR_MARK, PAPER_MARK = "◆", "◇"

FOOTNOTES = (
    f"{OUR_MARK} our pick, {PAPER_MARK} the paper's. A pick has the highest mean Sem. mIoU over seeds; ties, "
    f"at {COMPARED_DECIMALS} decimals, go to the smaller w_color, then w_depth. w_seg is 1.",
    "Significant: at 95 %, Student's t paired by seed, Holm's correction over all pairs of combinations.",
    "A pick is made on the images that it is scored on, as in the paper: its mIoU is optimistic.",
    "The paper prints numbers of its picks alone, for ImageNet and CoarseCTS.",
    "Disparity errors are capped at 50, as in the paper, which states no unit.",
)


def pick_sentence(pick: Pick) -> str:
    """A pick beside the paper's, and how far apart the combinations are."""
    tasks, total = task_letters(pick.row), len(pick.combinations)
    where = "" if pick.init in INITS else " for other initializations"
    paper = f"the paper's pick{where} is {weight_text(pick.paper_weights)}"
    if not pick.ranked:
        reasons = "; ".join(dict.fromkeys(c.score.reason for c in pick.combinations))
        return f"{tasks}: no pick, none of {total} combinations is finished ({reasons}); {paper}."
    finished, best, head, so_far = len(pick.ranked), pick.ranked[0].score, tasks, ""
    if not pick.complete:
        runs = f"{pick.finished_runs} of {pick.runs} runs"
        progress = f"{finished} of {total} combinations" if finished < total else runs
        head, so_far = f"{tasks}, so far ({progress})", " so far"
    score = pick.paper_score
    if pick.weights == pick.paper_weights:
        verdict = f": also ours{so_far}"
    elif score is None or not score.n:
        verdict = " (not finished here): open"
    else:
        told = pick.beaten[[c.score for c in pick.ranked].index(score) - 1]
        lower = _lower(best.mean - score.mean)
        chance = f", {in_words(told)}" * (lower != "equal")
        verdict = f" (mIoU {cell_text(score)} here, {lower}{chance}): not ours{so_far}"
    ours = f"picked {weight_text(pick.weights)} (mIoU {cell_text(best)})"
    return f"{head}: {ours}; {paper}{verdict}. {_spread(pick)}"


def _spread(pick: Pick) -> str:
    means = [c.score.mean for c in pick.ranked]
    if len(means) < 2:
        return "There is no other combination to compare it with."
    low, high = min(means), means[0]
    chance = "one seed each: whether the pick is better than another by more than chance cannot be told"
    if pick.seed_std is not None:
        beaten = pick.beaten.count(True)
        chance = (
            f"standard deviation over seeds {pick.seed_std:.{DECIMALS}f} (pooled over combinations); the "
            f"pick is significantly better than {beaten or 'none'} of the {len(means) - 1} others"
        )
    span = f"{high - low:.{DECIMALS}f} ({low:.{DECIMALS}f} to {high:.{DECIMALS}f})"
    return f"The {len(means)} combinations span {span}, the next best is {_lower(high - means[1])}; {chance}."


def _lower(difference: float) -> str:
    if not round(difference, COMPARED_DECIMALS):
        return "equal"
    smallest = 10**-DECIMALS
    return f"{difference:.{DECIMALS}f} lower" if difference >= smallest / 2 else f"less than {smallest} lower"


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
        runs: Runs of all seeds from `experiments.catalog.grid_search_runs`; at least one.
        measured: {(`reproduce.tables.grid_picks.row_name`, init): {finished seed: {metric: value}}}. The
            single-task runs give the baselines of the gains.
        reasons: {(name, init) as before: why a number is missing}.
        init: Initialization of the runs.
        notes: Lines that come first, for instance that the scale is not the paper's.

    Raises:
        ValueError: A measured value is not a finite number.
    """
    picked = picks(runs, measured, init, reasons)
    groups, published = [], {**TABLE1, **TEXT}
    for pick in picked.values():
        rows = []
        for combination in pick.combinations:
            name, weights = combination.score.row, combination.weights
            marks = OUR_MARK * (weights == pick.weights)
            if weights == pick.paper_weights:
                marks += PAPER_MARK
                published[name] = TABLE1[pick.row]
            rows.append(Row(name, f"{weight_text(weights)} {marks}".rstrip(), tuple(weights), (init,)))
        groups.append(Group(task_letters(pick.row), tuple(rows)))
    footnotes = [*map(pick_sentence, picked.values()), *FOOTNOTES]
    if init == "CoarseCTS":
        own = weight_text({"color": Readings().w_color, "depth": Readings().w_depth})
        footnotes.append(f"All combinations start from one CoarseCTS pre-training, which has {own}.")
    heading = title(runs, init)
    return compare(
        heading, COLUMNS[:3], groups, published, measured, reasons, TASK_BASELINES, notes, footnotes
    )
