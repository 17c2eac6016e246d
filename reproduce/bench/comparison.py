"""What a comparison is, and what it finds: measurements by round, ratios of the same round, bars."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfsup_segmentation.experiments.finished.spread import spread


@dataclass(frozen=True)
class Settings:
    """How all comparisons measure.

    Attributes:
        size: (width, height) in px of the network's image; images of the data set are twice as wide and high.
        batch: stereo pairs a step.
        repeat: rounds that are recorded.
        quick: tiny amounts, to see that it works; its numbers say nothing.
        folder: where data sets are written; those that are there are used again.
        scratch: a folder that is gone afterwards.
    """

    size: tuple[int, int]
    batch: int
    repeat: int
    quick: bool
    folder: Path
    scratch: Path

    def amount(self, full: int, quick: int) -> int:
        """``full``, or ``quick`` of what is counted."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Spread:
    """A measurement of several rounds.

    Attributes:
        what: was measured, in words.
        unit: of the values; ratios have none.
        by_round: values, at least one.
    """

    what: str
    unit: str
    by_round: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median over the rounds."""
        return statistics.median(self.by_round)

    def over(self, other: "Spread", what: str) -> "Spread":
        """The ratio to another measurement, round by round: both saw the machine in the same mood."""
        pairs = zip(self.by_round, other.by_round, strict=True)
        return Spread(what, "", tuple(mine / its for mine, its in pairs))

    def inverse(self, what: str, unit: str) -> "Spread":
        """One over the values."""
        return Spread(what, unit, tuple(1 / value for value in self.by_round))

    def scaled(self, factor: float, what: str, unit: str) -> "Spread":
        """The values times a number."""
        return Spread(what, unit, tuple(value * factor for value in self.by_round))

    def as_dict(self) -> dict[str, Any]:
        """Plain data with ``min``, ``median`` and ``max``."""
        return {"what": self.what, "unit": self.unit} | spread(self.by_round)


@dataclass(frozen=True)
class Bar:
    """What is asked of a number, decided by its value (of a spread: the median).

    Attributes:
        what: the number, in words.
        value: as measured.
        limit: it is asked to be at most this, or at least.
        at_most: which of the two.
        unit: of both; empty for a ratio.
    """

    what: str
    value: float
    limit: float
    at_most: bool = True
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of the limit, or on it."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    @property
    def verdict(self) -> str:
        """``met``, or ``missed by`` so much of the limit."""
        return "met" if self.met else f"missed by {100 * abs(self.value / self.limit - 1):.1f} %"

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "what": self.what,
            "value": self.value,
            "asked": "at most" if self.at_most else "at least",
            "limit": self.limit,
            "unit": self.unit,
            "met": self.met,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Result:
    """What a comparison found.

    Attributes:
        measured: by name, one value a round.
        ratios: of measurements of the same round.
        bars: what was asked.
        facts: other numbers and sentences that one needs to read the rest.
        order: names of what was timed, one after the other as it was.
        skipped: by name, why something was not measured.
    """

    measured: Mapping[str, Spread] = field(default_factory=dict)
    ratios: Sequence[Spread] = ()
    bars: Sequence[Bar] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    order: Sequence[str] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "measured": {name: values.as_dict() for name, values in self.measured.items()},
            "ratios": [ratio.as_dict() for ratio in self.ratios],
            "bars": [bar.as_dict() for bar in self.bars],
            "facts": dict(self.facts),
            "order": list(self.order),
            "skipped": dict(self.skipped),
        }


@dataclass(frozen=True)
class Comparison:
    """One comparison.

    Attributes:
        title: heading.
        compared: what stands beside what, and what is asked, in sentences.
        measure: makes the `Result`; raises `reproduce.bench.worker.WorkerError` when a child failed.
    """

    title: str
    compared: str
    measure: Callable[[Settings], Result]
