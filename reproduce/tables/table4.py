"""Table 4: class mIoU on Cityscapes of other methods, and this method's on the validation set.

Only the paper's own two rows can be measured here, and only on the validation images. Every other number is
the paper's quotation of somebody else's: it stands in the column "paper" and nowhere else.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from selfsup_segmentation.reproduce.published import BEST, TABLE4
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import (
    Column,
    Group,
    Measured,
    Reasons,
    Row,
    Table,
    compare,
)
from selfsup_segmentation.reproduce.tables.document import RESOLUTIONS

TITLE = "Table 4: class mIoU on Cityscapes, of other methods and of this one"

COLUMNS = (Column("test", "test mIoU", "seg"), Column("val", "val mIoU", "seg"))

QUOTED = "quoted"
"""Stands for the initialization where a row is another paper's network."""

OURS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"Ours - Baseline (SSImageNet)": ("SSImageNet", "ImageNet"), "Ours - Best": BEST}
)
"""The paper's two own rows, and the row and initialization of Table 1 that their validation mIoU is."""

NOT_OURS = "another paper's network: quoted, not run"
SERVER = "test labels are not public: only the benchmark's server can score them"

FOOTNOTES = (
    '"Ours" in the name of a row is the paper\'s word. Its "Best" stays SS + D (GS), ImageNet, whichever row '
    "is best here.",
    "Ours is the segmentation mIoU of Table 1: at {resolution}, one confusion matrix over the validation "
    "set.",
    "The other numbers mix training data, resolutions and protocols; a difference of a few points between "
    "two rows may be the protocol's.",
    "UNet - ResNet18: its authors give 57.9 % with the benchmark's official script and 56 % with their own "
    "code; Table 4 prints 0.58.",
    "ICNet and ENet: the paper cites [1], a study of robustness, beside the methods' own papers.",
    "ShuffleNet V2 + DPC: on ten classes only, says the paper.",
)


def _row(name: str) -> Row:
    if name not in OURS:
        return Row(name, name, ("seg",), (QUOTED,))
    row, init = OURS[name]
    return Row(name, name, ("seg", "depth") if row == BEST[0] else ("seg",), (init,))


GROUPS = tuple(
    Group(title, tuple(_row(name) for name in TABLE4 if (name in OURS) == ours))
    for title, ours in (("Other methods", False), ("This method", True))
)

PUBLISHED = MappingProxyType(
    {row.name: {row.inits[0]: TABLE4[row.name]} for group in GROUPS for row in group.rows}
)
"""`TABLE4` by row, initialization and metric."""


def build(
    measured: Measured, reasons: Reasons, notes: Sequence[str] = (), resolution: str = "native"
) -> Table:
    """Table 4 from the results of Table 1's runs; arguments as for `reproduce.tables.table1.build`.

    Args:
        resolution: of the mIoU, a key of `reproduce.tables.document.RESOLUTIONS`.
    """
    own, why = {}, {}
    for name, address in OURS.items():
        cell = (name, address[1])
        own[cell] = [{"val": seed["sem_miou"]} for seed in measured.get(address, ()) if "sem_miou" in seed]
        if address in reasons:
            why[cell] = reasons[address]
    quoted = {(row.name, QUOTED): NOT_OURS for row in GROUPS[0].rows}
    table = compare(
        TITLE,
        COLUMNS,
        GROUPS,
        PUBLISHED,
        own,
        why | quoted,
        baselines={"seg": {init: name for name, (row, init) in OURS.items() if row != BEST[0]}},
        notes=notes,
        footnotes=tuple(text.format(resolution=RESOLUTIONS[resolution]) for text in FOOTNOTES),
    )
    return dataclasses.replace(table, cells=tuple(map(_with_server, table.cells)))


def _with_server(cell: Cell) -> Cell:
    """The same cell; on the test set, whatever was run, the server is what is missing."""
    return dataclasses.replace(cell, reason=SERVER) if cell.metric == "test" and cell.row in OURS else cell
