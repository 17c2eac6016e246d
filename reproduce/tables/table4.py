"""Table 4: class mIoU on Cityscapes of other methods, and this method's on the validation set.

Only the paper's own two rows can be measured here, and only on the validation images. Every other number is
quoted by the paper: it stands in the column "paper" and nowhere else.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from selfsup_segmentation.reproduce.published import BEST, TABLE4
from selfsup_segmentation.reproduce.tables import comparison
from selfsup_segmentation.reproduce.tables.comparison import Column, Group, Row
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


_BASELINE, _BEST = OURS
_INITS = {name: OURS[name][1] if name in OURS else QUOTED for name in TABLE4}


def _row(name: str) -> Row:
    return Row(name, name, ("seg",), (_INITS[name],), baseline=_BASELINE if name == _BEST else None)


GROUPS = (
    Group("Other methods", tuple(_row(name) for name in TABLE4 if name not in OURS)),
    Group("This method", tuple(map(_row, OURS))),
)

PUBLISHED = MappingProxyType({name: {_INITS[name]: numbers} for name, numbers in TABLE4.items()})
"""`TABLE4` by row, initialization and metric."""


def build(
    measured: comparison.Measured,
    reasons: comparison.Reasons,
    notes: Sequence[str] = (),
    resolution: str = "native",
) -> comparison.Table:
    """Table 4 from the results of Table 1's runs; arguments as for `reproduce.tables.table1.build`.

    Args:
        resolution: Resolution of the mIoU, a key of `reproduce.tables.document.RESOLUTIONS`.
    """
    own, why = {}, {(row.name, QUOTED): NOT_OURS for row in GROUPS[0].rows}
    for name, address in OURS.items():
        cell = (name, address[1])
        seeds = measured.get(address, {}).items()
        own[cell] = {seed: {"val": n["sem_miou"]} for seed, n in seeds if "sem_miou" in n}
        why[cell] = reasons.get(address)
    footnotes = [text.format(resolution=RESOLUTIONS[resolution]) for text in FOOTNOTES]
    table = comparison.compare(TITLE, COLUMNS, GROUPS, PUBLISHED, own, why, {}, notes, footnotes)
    cells = (  # on the test set, whatever was run, the server is what is missing
        dataclasses.replace(cell, reason=SERVER) if cell.metric == "test" and cell.row in OURS else cell
        for cell in table.cells
    )
    return dataclasses.replace(table, cells=tuple(cells))
