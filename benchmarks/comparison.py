"""Settings of all comparisons, and the numbers that they report."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of all comparisons.

    Attributes:
        size: (width, height) in px of the network's image; images of the data set are twice as large.
        batch: stereo pairs per step.
        repeat: recorded rounds.
        quick: whether amounts are tiny, to test that a comparison works; its numbers are meaningless.
        data: folder of rendered data sets, which are reused.
        scratch: existing folder that is removed afterwards.
    """

    size: tuple[int, int]
    batch: int
    repeat: int
    quick: bool
    data: Path
    scratch: Path

    def amount(self, full: int, quick: int) -> int:
        """``quick`` with ``--quick``, else ``full``."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Number:
    """A measured number, one value per round.

    Attributes:
        text: what was measured, for the report.
        by_round: values, one per round.
        at_most, at_least: target of the median; at most one of them is given.
        unit: unit of the values, empty for a ratio.
    """

    text: str
    by_round: Sequence[float]
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data with ``min``, ``median``, ``max`` and ``verdict``, which is empty without a target."""
        low, median, high = min(self.by_round), statistics.median(self.by_round), max(self.by_round)
        target, verdict = self.at_least if self.at_most is None else self.at_most, ""
        if target is not None:
            met = median >= target if self.at_most is None else median <= target
            verdict = "met" if met else f"missed by {100 * abs(median / target - 1):.1f} %"
        return vars(self) | {"min": low, "median": median, "max": high, "verdict": verdict}
