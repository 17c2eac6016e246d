"""Table 1: segmentation, colorization and disparity on the Cityscapes validation set."""

from collections.abc import Sequence

from selfsup_segmentation.experiments.tasks import parse_letters
from selfsup_segmentation.reproduce.published import BASELINES, BEST, GRID_WEIGHTS, INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables.comparison import (
    Column,
    Group,
    Measured,
    Reasons,
    Row,
    Table,
    compare,
)

TITLE = "Table 1: Cityscapes validation set"

COLUMNS = (
    Column("sem_miou", "Sem. mIoU", "seg"),
    Column("color_miou", "Color mIoU", "color"),
    Column("abs_rel", "AbsRel", "depth", lower_is_better=True),
    Column("sq_rel", "SqRel", "depth", lower_is_better=True),
    Column("rmse", "RMSE", "depth", lower_is_better=True),
    Column("rmse_log", "RMSE_log", "depth", lower_is_better=True),
)

TASK_BASELINES = {
    "seg": BASELINES,
    "color": dict.fromkeys(INITS, "C"),
    "depth": dict.fromkeys(INITS, "D"),
}
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


def _row(name: str) -> Row:
    inits = tuple(TABLE1[name]) if name in BASELINES.values() else INITS
    return Row(name, row_label(name), tasks_of(name), inits, best=name == BEST[0])


ROWS = tuple(_row(name) for name in TABLE1)
"""In the paper's order."""

GROUPS = tuple(
    Group(title, tuple(row for row in ROWS if len(row.tasks) == count))
    for count, title in ((1, "Single"), (2, "Two tasks"), (3, "Multi"))
)


def build(measured: Measured, reasons: Reasons, notes: Sequence[str] = ()) -> Table:
    """Table 1 from the results of finished runs.

    Args:
        measured: {(row, init): one {metric: value} a finished seed}. The single-task runs ("C", init) and
            ("D", init) are no rows of the table, but give the baselines of the color and disparity gains.
        reasons: {(row, init): why there is no number}.
        notes: Lines that must come first, for instance that the scale is not the paper's.
    """
    return compare(
        TITLE,
        COLUMNS,
        GROUPS,
        {**TABLE1, **TEXT},
        measured,
        reasons,
        baselines=TASK_BASELINES,
        notes=notes,
        footnotes=FOOTNOTES,
    )
