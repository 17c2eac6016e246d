"""Table 3: segmentation on the KITTI validation images, after Cityscapes."""

from collections.abc import Sequence

from selfsup_segmentation.reproduce.published import BASELINES, BEST_KITTI, TABLE3
from selfsup_segmentation.reproduce.tables.comparison import Measured, Reasons, Table, compare
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS, groups

TITLE = "Table 3: KITTI validation images (ours: internal split)"

FOOTNOTES = (
    "Every run is fine-tuned from the run of the same row and init on Cityscapes (paper: 20 epochs).",
    "The paper's random 170 / 30 split is not published: ours is another one, drawn once and committed; "
    "with fewer than the 200 frames it is the last fifth.",
    "The paper does not say which weights its GS rows use; here they are those of our Table 1.",
)


GROUPS = groups(TABLE3, BEST_KITTI[0], weights=False)


def build(measured: Measured, reasons: Reasons, notes: Sequence[str] = ()) -> Table:
    """Table 3 from the results of finished runs; arguments as for `reproduce.tables.table1.build`."""
    columns, baselines = COLUMNS[:1], {"seg": BASELINES}
    return compare(TITLE, columns, GROUPS, TABLE3, measured, reasons, baselines, notes, FOOTNOTES)
