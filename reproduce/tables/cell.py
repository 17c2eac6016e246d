"""One number of a table: the paper's, ours by seed, their difference and gains."""

import functools
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real

from selfsup_segmentation.reproduce.tables.significance import Difference, difference


@dataclass(frozen=True)
class Cell:
    """One metric of one row and initialization.

    Attributes:
        row, init, metric: Address.
        applies: False where the row does not have the metric's task ("n/a" in the paper).
        published: The paper's value, or None where it prints none.
        values: Ours by finished seed.
        reason: Why there is no value, or fewer seeds than requested.
        baseline_row: Row that a gain is measured against, or None where a gain has no meaning.
        baseline: Our values of that row with the same initialization, by seed.
        published_baseline: Published value of that row.
        significant: Whether the gain is more than chance, among the gains of its table and metric; None where
            that cannot be told from one seed.

    Raises:
        ValueError: A value is not a finite number.
    """

    row: str
    init: str
    metric: str
    applies: bool = True
    published: float | None = None
    values: Mapping[int, float] = field(default_factory=dict)
    reason: str | None = None
    baseline_row: str | None = None
    baseline: Mapping[int, float] = field(default_factory=dict)
    published_baseline: float | None = None
    significant: bool | None = None

    def __post_init__(self):
        for value in (*self.values.values(), *self.baseline.values()):
            if not (isinstance(value, Real) and math.isfinite(value)):
                raise ValueError(
                    f"{self.row} ({self.init}): {self.metric} is {value!r}, which nobody can have measured; "
                    "leave the seed out and give a reason instead"
                )
        for name in ("values", "baseline"):  # `statistics` cannot add up a mix of numpy's types
            object.__setattr__(self, name, {seed: float(v) for seed, v in getattr(self, name).items()})

    @property
    def n(self) -> int:
        """Number of finished seeds."""
        return len(self.values)

    @property
    def mean(self) -> float | None:
        """Mean over seeds."""
        return statistics.fmean(self.values.values()) if self.values else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation over seeds; None for fewer than two."""
        return statistics.stdev(self.values.values()) if self.n >= 2 else None

    @property
    def difference(self) -> float | None:
        """Ours minus published."""
        return _minus(self.mean, self.published)

    @functools.cached_property
    def compared(self) -> Difference | None:
        """Ours minus our own baseline, with what is known of chance."""
        return difference(self.values, self.baseline) if self.values and self.baseline else None

    @property
    def gain(self) -> float | None:
        """Ours minus our own baseline; for an error, below zero is better."""
        return self.compared and self.compared.mean

    @property
    def published_gain(self) -> float | None:
        """Published minus published baseline."""
        return _minus(self.published, self.published_baseline)

    @property
    def status(self) -> str:
        """``measured``, ``missing`` or ``n/a``."""
        if not self.applies:
            return "n/a"
        return "measured" if self.values else "missing"

    def as_dict(self) -> dict[str, object]:
        """Plain numbers and strings; computed numbers to six decimals, values as measured."""
        data = {
            "status": self.status,
            "ours": self.mean,
            "std": self.std,
            "n": self.n,
            "published": self.published,
            "difference": self.difference,
            "gain": self.gain,
            "significant": self.significant,
            "published_gain": self.published_gain,
            "baseline": self.baseline_row,
            "values": list(self.values.values()),
            "seeds": list(self.values),
            "reason": self.reason,
        }
        return {key: round(v, 6) + 0.0 if isinstance(v, float) else v for key, v in data.items()}  # no "-0.0"


def _minus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right
