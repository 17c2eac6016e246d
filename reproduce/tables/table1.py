"""Table 1: segmentation, colorization and disparity on the Cityscapes validation set."""

from collections.abc import Sequence

from selfsup_segmentation.experiments.tasks import parse_letters
from selfsup_segmentation.reproduce.published import BASELINES, BEST, GRID_WEIGHTS, INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables import comparison
from selfsup_segmentation.reproduce.tables.comparison import Column, Group, Row

TITLE = "Table 1: Cityscapes validation set"

COLUMNS = (
    Column("sem_miou", "Sem. mIoU", "seg"),
    Column("color_miou", "Color mIoU", "color"),
    Column("abs_rel", "AbsRel", "depth", lower_is_better=True),
    Column("sq_rel", "SqRel", "depth", lower_is_better=True),
    Column("rmse", "RMSE", "depth", lower_is_better=True),
    Column("rmse_log", "RMSE_log", "depth", lower_is_better=True),
)

TASK_BASELINES = {"seg": BASELINES, "color": dict.fromkeys(INITS, "C"), "depth": dict.fromkeys(INITS, "D")}
"""{task: {init: row}}: the network that has this task alone and starts from the same weights."""

FOOTNOTES = (
    "SS: semantic segmentation, C: colorization, D: disparity. GS: grid search, UW: uncertainty weighting, "
    "DWA: dynamic weight average.",
    "Weights carry the names of their tasks. The paper's Table 1 numbers them λ1 segmentation, λ2 color, "
    "λ3 depth; its Eq. 5 numbers them λ1 color, λ2 depth, λ3 segmentation.",
    "The paper prints one set of GS weights a row; it serves both initializations, and ours unless a note on "
    "top has another w_color or w_depth.",
    "Disparity errors are capped at 50, as in the paper, which states no unit.",
    "Color and disparity gains are against color alone and depth alone, which the paper reports only in "
    "its text (color mIoU, AbsRel, SqRel).",
)


def tasks_of(name: str) -> tuple[str, ...]:
    """Tasks of a row such as ``SS+C/UW`` or ``SSrandom``."""
    if name in BASELINES.values():
        return ("seg",)
    return parse_letters(name.split("/")[0])


def row_label(name: str, weights: bool = True) -> str:
    """What a reader sees of a row's name: ``SS + D (GS: w_seg 1, w_depth 100)``."""
    if name in BASELINES.values():
        return name
    letters, weighting = name.split("/")
    if weights and name in GRID_WEIGHTS:
        picks = ", ".join(f"w_{task} {weight:g}" for task, weight in GRID_WEIGHTS[name].items())
        weighting = f"{weighting}: {picks}"
    return f"{letters.replace('+', ' + ')} ({weighting})"


def groups(published: comparison.Published, best: str, weights: bool = True) -> tuple[Group, ...]:
    """Rows of Table 1 or 3 by their number of tasks, in the paper's order.

    Args:
        published: Numbers of the table.
        best: Name of the paper's best row.
        weights: Whether labels show the paper's GS weights.
    """
    rows = [
        Row(name, row_label(name, weights), tasks_of(name), tuple(inits), best=name == best)
        for name, inits in published.items()
    ]
    titles = {1: "Single", 2: "Two tasks", 3: "Multi"}
    return tuple(Group(t, tuple(row for row in rows if len(row.tasks) == n)) for n, t in titles.items())


GROUPS = groups(TABLE1, BEST[0])


def build(
    measured: comparison.Measured, reasons: comparison.Reasons, notes: Sequence[str] = ()
) -> comparison.Table:
    """Table 1 from the results of finished runs.

    Args:
        measured: {(row, init): {finished seed: {metric: value}}}. The single-task runs ("C", init) and
            ("D", init) are no rows of the table, but give the baselines of the color and disparity gains.
        reasons: {(row, init): why a number is missing}.
        notes: Lines that come first, for instance that the scale is not the paper's.
    """
    published = {**TABLE1, **TEXT}
    return comparison.compare(
        TITLE, COLUMNS, GROUPS, published, measured, reasons, TASK_BASELINES, notes, FOOTNOTES
    )
