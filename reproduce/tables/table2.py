"""Table 2: the official scores; the paper's are of the test server, ours of the validation images."""

from collections.abc import Sequence

from selfsup_segmentation.reproduce.published import BEST, TABLE2
from selfsup_segmentation.reproduce.tables import comparison
from selfsup_segmentation.reproduce.tables.comparison import Column, Group, Row

TITLE = "Table 2: official Cityscapes scores (paper: test set; ours: validation set)"

COLUMNS = (
    Column("class_miou", "Class mIoU", "seg"),
    Column("class_iiou", "Class iIoU", "seg"),
    Column("cat_miou", "Category mIoU", "seg"),
    Column("cat_iiou", "Category iIoU", "seg"),
)

OFFICIAL = {
    "class_miou": "averageScoreClasses",
    "class_iiou": "averageScoreInstClasses",
    "cat_miou": "averageScoreCategories",
    "cat_iiou": "averageScoreInstCategories",
}
"""{our name of a score: key in the result of cityscapesscripts}."""

FOOTNOTES = (
    "Ours are val, not test: the labels of the test set are not public. The difference to the paper is "
    "therefore not an error of the reproduction; --submission writes the file that the server scores.",
    "Computed by cityscapesscripts' own evaluation on the label ids that the network predicts.",
    f"Best is the paper's best row, {BEST[0]}, whichever is best here.",
)


def build(
    measured: comparison.Measured, reasons: comparison.Reasons, init: str, notes: Sequence[str] = ()
) -> comparison.Table:
    """Table 2 from official scores.

    Args:
        measured: {("SSImageNet" or "Best", init): {seed: {metric: value}}}.
        reasons: {(row, init): why a number is missing}.
        init: Initialization of the runs; the paper's numbers are of ImageNet, and stand beside no other.
        notes: Lines that come first.
    """
    rows = (
        Row("SSImageNet", f"Baseline (SS{init})", ("seg",), (init,)),
        Row("Best", f"SS + D (GS), {init}", ("seg", "depth"), (init,), best=True),
    )
    groups, baselines = (Group("Official scores", rows),), {"seg": {init: "SSImageNet"}}
    published = {row: {"ImageNet": numbers} for row, numbers in TABLE2.items()}
    return comparison.compare(
        TITLE, COLUMNS, groups, published, measured, reasons, baselines, notes, FOOTNOTES
    )
