"""How a claim about the tables is decided, cell by cell, on the paper's numbers or on ours.

A claim is a list of comparisons of two cells, of which "every" one or "some" one must hold. It "holds", it
"does not hold", or it "cannot be told" because a decisive number is missing or a comparison is open. Where
the text leaves open whether every cell is meant, both readings are claims. When a comparison is decided:

- Two printed numbers: as printed. Equal ones are "the same" for ≥ and ≤ and leave > and < open.
- Ours, with several seeds: where the difference is more than the chance of the seeds, by
  `reproduce.tables.significance`, with Holm's correction over all comparisons of the claim.
- Ours, with one seed on a side: never, "cannot be told: one seed".
- Ours with a printed one: the printed one may be off by half a unit of its last digit.
"""

import dataclasses
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from selfsup_segmentation.reproduce.published import BASELINES, TABLE1, TABLE3, TEXT
from selfsup_segmentation.reproduce.tables import table4
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Measured
from selfsup_segmentation.reproduce.tables.significance import Difference, Sample, difference, significant
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"
ONE_SEED = f"{OPEN}: one seed"

ROUNDING = 0.005  # half a unit of the last printed digit


class Address(NamedTuple):
    """Place of a number; ``table`` is ``table1``, ``table3`` or ``table4``."""

    table: str
    row: str
    init: str
    metric: str = "sem_miou"

    def __str__(self):
        if self.row in TEXT:
            return f"{self.row} alone {self.init}"
        init = "" if self.row in (*BASELINES.values(), *table4.TABLE4) else f" {self.init}"
        titles = {c.metric: f" {c.title}" for c in COLUMNS[1:]} | {"test": " test"}
        return f"{self.row}{init}{titles.get(self.metric, '')}"


class Printed(float):
    """A number of the paper, known to two decimals."""


Numbers = Mapping[Address, Printed | Sample]
"""A printed number, or ours by seed."""


@dataclass(frozen=True)
class Comparison:
    """``left relation right + by``; the relation is one of >, >=, <, <=."""

    left: Address
    relation: str
    right: Address
    by: float = 0.0


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper (verbatim) and one way to check it: ``every`` or ``some`` comparison holds."""

    section: str
    quote: str
    reading: str
    quantifier: str
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Verdict:
    """HOLDS, FAILS, OPEN or ONE_SEED, and the cells and numbers that decide."""

    claim: Claim
    answer: str
    reason: str


class Outcome(NamedTuple):
    """One comparison.

    Attributes:
        truth: Whether it holds; None where that cannot be told.
        difference: With what is known of chance.
        text: Both cells with their numbers; empty where a number is missing.
        slack: Margin by which it holds; below zero where it does not.
        missing: Cells without a number.
    """

    truth: bool | None
    difference: Difference
    text: str = ""
    slack: float = math.nan
    missing: tuple[str, ...] = ()


def published_numbers() -> Numbers:
    """The paper's numbers that claims are about."""
    tables = {"table1": {**TABLE1, **TEXT}, "table3": TABLE3, "table4": table4.PUBLISHED}
    return {
        Address(table, row, init, metric): Printed(value)
        for table, rows in tables.items()
        for row, inits in rows.items()
        for init, metrics in inits.items()
        for metric, value in metrics.items()
    }


def measured_numbers(table1: Measured, table3: Measured | None = None) -> Numbers:
    """Ours, from `reproduce.tables.collect.collect`, and the paper's quotations of other methods.

    Raises:
        ValueError: A value is not a finite number.
    """
    numbers = {a: number for a, number in published_numbers().items() if a.init == table4.QUOTED}
    for table, measured in (("table1", table1), ("table3", table3 or {})):
        for (row, init), seeds in measured.items():
            for column in COLUMNS:
                values = {seed: n[column.metric] for seed, n in seeds.items() if column.metric in n}
                cell = Cell(row, init, column.metric, values=values)
                numbers[Address(table, row, init, column.metric)] = cell.values
    return numbers


def judge(claim: Claim, numbers: Numbers) -> list[Outcome]:
    """Decide the comparisons of a claim, which are one family."""
    outcomes = [_compare(comparison, numbers) for comparison in claim.comparisons]
    told = significant([outcome.difference for outcome in outcomes])
    return [o if certain else o._replace(truth=None) for o, certain in zip(outcomes, told, strict=True)]


def _compare(comparison: Comparison, numbers: Numbers) -> Outcome:
    addresses, relation = (comparison.left, comparison.right), comparison.relation
    left, right = pair = [numbers.get(address, {}) for address in addresses]
    if missing := tuple(str(a) for a, number in zip(addresses, pair, strict=True) if number == {}):
        return Outcome(None, Difference(math.nan), missing=missing)
    printed = [isinstance(number, Printed) for number in pair]
    if all(printed):
        found = Difference(round(left - right, 9), p=0.0)
    elif printed[0]:
        found = difference(right, left, -comparison.by, ROUNDING)
        found = dataclasses.replace(found, mean=-found.mean)
    else:
        found = difference(left, right, comparison.by, ROUNDING * any(printed))
    gap = round(found.mean, 9)
    slack = round((gap - comparison.by) * (1 if relation[0] == ">" else -1), 9)
    truth = slack > 0 or (slack == 0 and "=" in relation)
    if slack == 0 and all(printed) and "=" not in relation:
        truth = None
    means = [n if isinstance(n, Printed) else statistics.fmean(n.values()) for n in pair]
    digits = 3 if gap == 0 or f"{means[0]:.3f}" != f"{means[1]:.3f}" else 6
    first, second = (
        f"{a} {_shown(n, not all(printed), digits)}" for a, n in zip(addresses, pair, strict=True)
    )
    margin = f" (by {abs(gap):.{2 if all(printed) else 3}f})" if comparison.by else ""
    interval = margin if found.half is None else f" (difference {found})"
    return Outcome(truth, found, f"{first} {'=' if gap == 0 else '<>'[gap > 0]} {second}{interval}", slack)


def _shown(number: Printed | Sample, ours: bool, digits: int) -> str:
    if isinstance(number, Printed):
        return f"{number:.2f}" + " (paper)" * ours
    spread = f"±{statistics.stdev(number.values()):.{digits}f}" if len(number) > 1 else ""
    return f"{statistics.fmean(number.values()):.{digits}f}{spread}"


def evaluate(claims: Iterable[Claim], numbers: Numbers) -> list[Verdict]:
    """A verdict for each claim."""
    return [_verdict(claim, judge(claim, numbers)) for claim in claims]


def _verdict(claim: Claim, outcomes: list[Outcome]) -> Verdict:
    settles = claim.quantifier == "some"  # one such comparison is enough
    settling = [outcome for outcome in outcomes if outcome.truth is settles]
    undecided = [outcome for outcome in outcomes if outcome.truth is None]
    if settling:
        shown = sorted(settling, key=lambda outcome: -abs(outcome.slack))
        return Verdict(
            claim, HOLDS if settles else FAILS, _listed([o.text for o in shown], "; ", len(outcomes))
        )
    if undecided:
        known = [outcome for outcome in undecided if outcome.text]
        one_seed = [outcome.text for outcome in known if outcome.difference.p is None]
        close = [outcome.text for outcome in known if outcome.difference.p is not None]
        missing = list(dict.fromkeys(name for outcome in undecided for name in outcome.missing))
        reasons = {
            "one seed:": _listed(one_seed, "; ", len(outcomes)),
            "within chance or rounding:": _listed(close, "; ", len(outcomes)),
            "no number for": _listed(missing, ", "),
        }
        reason = "; ".join(f"{why} {what}" for why, what in reasons.items() if what)
        return Verdict(claim, ONE_SEED if one_seed else OPEN, reason)
    (closest, *_), several = sorted(outcomes, key=lambda outcome: abs(outcome.slack)), len(outcomes) > 1
    reason = f"all {len(outcomes)}, closest: " * several + closest.text
    return Verdict(claim, FAILS if settles else HOLDS, reason)


def _listed(texts: Sequence[str], separator: str, total: int = 0) -> str:
    """The first two and the number of the others; how many of a total they are."""
    more = f"{separator}and {len(texts) - 2} more" * (len(texts) > 2)
    return separator.join(texts[:2]) + more + f" ({len(texts)} of {total})" * (total > 1 and bool(texts))
