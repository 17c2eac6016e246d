"""How a claim about the tables is decided, cell by cell, on the paper's numbers or on ours.

A claim is a list of comparisons of two cells, of which "every" one or "some" one must hold. It "holds", it
"does not hold", or it "cannot be told" because a decisive number is missing or a comparison is open. Where
the text leaves open whether every cell is meant, both readings are claims. When a comparison is decided:

- Two printed numbers: as printed. Equal ones are "the same" for ≥ and ≤ and leave > and < open.
- One seed on each side: by the exact values; the reason says "one seed".
- Several seeds: when the 95 % interval of the difference leaves out zero (Student's, spread pooled over both
  sides; not corrected for the number of comparisons that a claim has).
- Ours with a printed one: the printed one may be off by half a unit of its last digit.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from selfsup_segmentation.reproduce.formats.numbers import signed
from selfsup_segmentation.reproduce.published import BASELINES, TABLE1, TABLE3, TEXT
from selfsup_segmentation.reproduce.tables import table4
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Measured
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"

ROUNDING = 0.005  # half a unit of the last printed digit
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""97.5 % quantiles of Student's t for 1, 2, … 10 degrees of freedom; the last serves for more."""


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


Numbers = Mapping[Address, Printed | tuple[float, ...]]
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
    """HOLDS, FAILS or OPEN, and the cells and numbers that decide."""

    claim: Claim
    answer: str
    reason: str


class Outcome(NamedTuple):
    """One comparison, decided or not.

    Attributes:
        truth: Whether it holds; None where that is open.
        text: Both cells with their numbers; empty where a number is missing.
        slack: Margin by which it holds; below zero where it does not.
        one_seed: Whether it rests on one seed of ours on each side.
        missing: Cells without a number.
    """

    truth: bool | None
    text: str = ""
    slack: float = math.nan
    one_seed: bool = False
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
                values = tuple(seed[column.metric] for seed in seeds if column.metric in seed)
                cell = Cell(row, init, column.metric, values=values)
                numbers[Address(table, row, init, column.metric)] = cell.values
    return numbers


def judge(comparison: Comparison, numbers: Numbers) -> Outcome:
    """Decide one comparison."""
    addresses, relation = (comparison.left, comparison.right), comparison.relation
    pair = [numbers.get(address, ()) for address in addresses]
    missing = tuple(str(a) for a, number in zip(addresses, pair, strict=True) if number == ())
    if missing:
        return Outcome(None, missing=missing)
    ours = [number for number in pair if not isinstance(number, Printed)]
    left, right = (number if isinstance(number, Printed) else statistics.fmean(number) for number in pair)
    difference = round(left - right, 9)
    half = _half_width(ours) + ROUNDING * (len(ours) == 1)
    slack = round((difference - comparison.by) * (1 if relation[0] == ">" else -1), 9)
    truth = slack > 0 or (slack == 0 and "=" in relation)
    if abs(slack) < half or (slack == 0 and not ours and "=" not in relation):
        truth = None
    digits = 3 if difference == 0 or f"{left:.3f}" != f"{right:.3f}" else 6
    first, second = (f"{a} {_shown(n, ours, digits)}" for a, n in zip(addresses, pair, strict=True))
    sign = "=" if difference == 0 else "<>"[difference > 0]
    margin = f" (by {abs(difference):.{3 if ours else 2}f})" if comparison.by else ""
    interval = f" (difference {signed(difference)} ± {half:.3f})" if half else margin
    one_seed = bool(ours) and all(len(values) == 1 for values in ours)
    return Outcome(truth, f"{first} {sign} {second}{interval}", slack, one_seed)


def _half_width(samples: Sequence[Sequence[float]]) -> float:
    """Half of the 95 % interval of the difference of means; 0 where no sample has a spread."""
    freedom = sum(len(sample) - 1 for sample in samples)
    if not freedom:
        return 0.0
    squares = sum((len(s) - 1) * statistics.variance(s) for s in samples if len(s) > 1)
    error = math.sqrt(squares / freedom * sum(1 / len(sample) for sample in samples))
    return STUDENT[min(freedom, len(STUDENT)) - 1] * error


def _shown(number: Printed | tuple[float, ...], ours: Sequence, digits: int) -> str:
    if isinstance(number, Printed):
        return f"{number:.2f}" + " (paper)" * bool(ours)
    spread = f"±{statistics.stdev(number):.{digits}f}" if len(number) > 1 else ""
    return f"{statistics.fmean(number):.{digits}f}{spread}"


def evaluate(claims: Iterable[Claim], numbers: Numbers) -> list[Verdict]:
    """A verdict for each claim."""
    return [_verdict(claim, [judge(c, numbers) for c in claim.comparisons]) for claim in claims]


def _verdict(claim: Claim, outcomes: list[Outcome]) -> Verdict:
    settles = claim.quantifier == "some"  # one such comparison is enough
    settling = [outcome for outcome in outcomes if outcome.truth is settles]
    undecided = [outcome for outcome in outcomes if outcome.truth is None]
    if settling:
        truth, shown = settles, sorted(settling, key=lambda outcome: -abs(outcome.slack))
        reason = _listed([outcome.text for outcome in shown], "; ", len(outcomes))
    elif undecided:
        truth, shown, reasons = None, undecided, []
        if texts := [outcome.text for outcome in shown if outcome.text]:
            reasons.append(f"within the spread or rounding: {_listed(texts, '; ', len(outcomes))}")
        if missing := list(dict.fromkeys(name for outcome in shown for name in outcome.missing)):
            reasons.append(f"no number for {_listed(missing, ', ')}")
        reason = "; ".join(reasons)
    else:
        truth, shown = not settles, [min(outcomes, key=lambda outcome: abs(outcome.slack))]
        reason = f"all {len(outcomes)}, closest: " * (len(outcomes) > 1) + shown[0].text
    reason += "; one seed" * any(outcome.one_seed for outcome in shown)
    return Verdict(claim, {True: HOLDS, False: FAILS, None: OPEN}[truth], reason)


def _listed(texts: Sequence[str], separator: str, total: int = 0) -> str:
    """The first two and the number of the others; how many of a total they are."""
    more = f"{separator}and {len(texts) - 2} more" * (len(texts) > 2)
    return separator.join(texts[:2]) + more + f" ({len(texts)} of {total})" * (total > 1)
