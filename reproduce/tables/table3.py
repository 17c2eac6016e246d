"""Table 3: segmentation on the KITTI validation images, after Cityscapes."""

from collections.abc import Sequence

from selfsup_segmentation.reproduce.published import BASELINES, BEST_KITTI, INITS, TABLE3
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, Table, compare
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS, row_label, tasks_of

TITLE = "Table 3: KITTI validation images (ours: internal split)"

FOOTNOTES = (
    "Every run goes on from the run of the same row and initialization on Cityscapes (paper: 20 epochs).",
    "The paper's random 170 / 30 split is not published: ours is another one, drawn once and committed; "
    "with fewer than the 200 frames it is the last fifth.",
    "The paper does not say which weights its GS rows use; here they are those of our Table 1.",
)


def _row(name: str) -> Row:
    inits = INITS if name not in BASELINES.values() else tuple(TABLE3[name])
    return Row(name, row_label(name, weights=False), tasks_of(name), inits, best=name == BEST_KITTI[0])


GROUPS = tuple(
    Group(title, tuple(row for row in map(_row, TABLE3) if len(row.tasks) == count))
    for count, title in ((1, "Single"), (2, "Two tasks"), (3, "Multi"))
)


def build(measured: Measured, reasons: Reasons, notes: Sequence[str] = ()) -> Table:
    """Table 3 from the results of finished runs; arguments as for `reproduce.tables.table1.build`."""
    return compare(
        TITLE,
        COLUMNS[:1],
        GROUPS,
        TABLE3,
        measured,
        reasons,
        baselines={"seg": BASELINES},
        notes=notes,
        footnotes=FOOTNOTES,
    )
