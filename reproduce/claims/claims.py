"""The claims of the paper's text: each is a sentence of it and one way to check that on the tables.

"Best" is the paper's best cell everywhere, whichever is best here.
"""

from collections.abc import Iterable, Sequence

from selfsup_segmentation.reproduce.claims.verdicts import ROUNDING, Address, Claim, Comparison
from selfsup_segmentation.reproduce.published import BEST, BEST_KITTI, CLAIMED_GAIN, INITS, TABLE1, TABLE3
from selfsup_segmentation.reproduce.tables import table4
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS, TASK_BASELINES

_MIXES, _WEIGHTINGS = ("SS+C", "SS+D", "SS+C+D"), ("GS", "UW", "DWA")
_DATASETS = {"table1": "Cityscapes", "table3": "KITTI"}


def _cells(table: str, mixes: Sequence[str], weightings: Sequence[str] = _WEIGHTINGS) -> list[Address]:
    return [Address(table, f"{mix}/{w}", init) for mix in mixes for w in weightings for init in INITS]


def _alone(cells: Iterable[Address], relation: str, metric: str = "sem_miou", by: float = 0.0):
    """Each cell against the network that has the metric's task alone and starts from the same weights."""
    task = next(column.task for column in COLUMNS if column.metric == metric)
    cells = [cell._replace(metric=metric) for cell in cells]
    return tuple(Comparison(c, relation, c._replace(row=TASK_BASELINES[task][c.init]), by) for c in cells)


def _others(table: str, cell: tuple[str, str], relation: str):
    """A cell against every other cell of its table."""
    rows = TABLE1 if table == "table1" else TABLE3
    others = [Address(table, row, init) for row, inits in rows.items() for init in inits]
    cell = Address(table, *cell)
    return tuple(Comparison(cell, relation, other) for other in others if other != cell)


def _grid(table: str, rival: str):
    """GS against another weighting, mix by mix."""
    cells = _cells(table, _MIXES, ("GS",))
    return tuple(Comparison(c, ">", c._replace(row=c.row.replace("GS", rival))) for c in cells)


def _quoted(metric: str, relation: str, *methods: str):
    """The paper's best model against numbers that the paper quotes; its val mIoU is the one of Table 1."""
    best = Address("table1", *BEST) if metric == "val" else Address("table4", "Ours - Best", BEST[1], metric)
    return tuple(Comparison(best, relation, Address("table4", m, table4.QUOTED, metric)) for m in methods)


def _claims() -> Iterable[Claim]:
    every, some, section = "every", "some", "Section 4.2"

    quote = (
        "The best performance of semantic segmentation is achieved when trained together with depth "
        "prediction (ImageNet initialized, grid search weighting), and the worst performance is achieved "
        "when trained together with colorization (CoarseCTS initialized, uncertainty based weighting)."
    )
    best, worst = _others("table1", BEST, ">"), _others("table1", ("SS+C/UW", "CoarseCTS"), "<")
    yield Claim(section, quote, "Cityscapes: SS+D/GS ImageNet is the best cell", every, best)
    yield Claim(section, quote, "Cityscapes: SS+C/UW CoarseCTS is the worst cell", every, worst)

    quote = (
        "with grid search and dynamic weight average, performance of semantic segmentation either remains "
        "the same or is improved when trained with one or more self-supervised tasks."
    )
    same = _alone(_cells("table1", _MIXES, ("GS", "DWA")), ">=")
    yield Claim(section, quote, "Cityscapes: no GS or DWA cell is below its baseline", every, same)

    quote = "In contrast, with uncertainty based weighting, in some cases, the performance degrades."
    lower = _alone(_cells("table1", _MIXES, ("UW",)), "<")
    yield Claim(section, quote, "Cityscapes: some UW cell is below its baseline", some, lower)

    quote = "segmentation also improves performance of self-supervised tasks"
    color = _alone(_cells("table1", ("SS+C", "SS+C+D")), ">", "color_miou")
    depth = _cells("table1", ("SS+D", "SS+C+D"))
    depth = _alone(depth, "<", "abs_rel") + _alone(depth, "<", "sq_rel")
    names = (("color mIoU", "color mIoU", color), ("AbsRel or SqRel", "AbsRel and SqRel", depth))
    for one, both, cells in names:
        yield Claim(section, quote, f"some {one} is better than the task alone", some, cells)
        yield Claim(section, quote, f"every {both} is better than the task alone", every, cells)

    quote = (
        "The best performance is obtained when semantic segmentation is trained with depth prediction "
        "(ImageNet initialized and uncertainty based weighting)."
    )
    best = _others("table3", BEST_KITTI, ">")
    yield Claim(section, quote, "KITTI: SS+D/UW ImageNet is the best cell", every, best)

    quote = "It is outperformed by DeepLab v3 and PSPNet"
    yield Claim(section, quote, "test: best below both", every, _quoted("test", "<", "DeepLab v3", "PSPNet"))
    yield Claim(section, quote, "validation: best below PSPNet", every, _quoted("val", "<", "PSPNet"))

    quote = (
        "our solution is better than ENet (on both test and validation dataset) and ICNet (on validation "
        "dataset) and worse than ShuffleNet V2 with atrous convolutions [53], which reports results only on "
        "ten Cityscapes classes, and ResNet18 with distillation [35]."
    )
    worse = _quoted("val", "<", "ShuffleNet V2 + DPC", "ResNet18 with distillation")
    yield Claim(section, quote, "test: best above ENet", every, _quoted("test", ">", "ENet"))
    yield Claim(section, quote, "validation: best above ENet", every, _quoted("val", ">", "ENet"))
    yield Claim(section, quote, "validation: best above ICNet", every, _quoted("val", ">", "ICNet"))
    yield Claim(section, quote, "validation: best below ShuffleNet and ResNet18", every, worse)

    section = "Section 5"
    quote = "We show an improvement of up to 3 % with respect to the baseline"  # in points of mIoU
    gains = _alone(_cells("table1", _MIXES), ">=", by=CLAIMED_GAIN - ROUNDING)
    yield Claim(section, quote, "Cityscapes: some cell gains 0.03 of mIoU, rounded", some, gains)

    quote = (
        "colorization does not improve the performance of semantic segmentation, in contrast to depth "
        "prediction, which improves the performance on both Cityscapes and KITTI"
    )
    for table, name in _DATASETS.items():
        color, depth = _alone(_cells(table, ("SS+C",)), "<="), _alone(_cells(table, ("SS+D",)), ">")
        yield Claim(section, quote, f"{name}: no SS+C cell is above its baseline", every, color)
        yield Claim(section, quote, f"{name}: some SS+D cell is above its baseline", some, depth)
        yield Claim(section, quote, f"{name}: every SS+D cell is above its baseline", every, depth)

    quote = "grid search outperforms some of the recently proposed task-weighting methods"
    for table, name in _DATASETS.items():
        for rival in ("UW", "DWA"):
            pairs = _grid(table, rival)
            yield Claim(section, quote, f"{name}: GS is above {rival} in every pair", every, pairs)


CLAIMS = tuple(_claims())
"""In the order of the paper."""
