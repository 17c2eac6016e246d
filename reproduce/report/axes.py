"""Axes of a chart: from numbers to places in it, and the ticks between."""

import dataclasses
import math
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        low, high: numbers at its ends, low < high; above 0 where it is logarithmic.
        start, end: places of these ends in the chart.
        log: whether it is logarithmic.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a number, to a tenth."""
        low, high, value = (map(math.log10, (self.low, self.high, value))) if self.log else (
            self.low, self.high, value,
        )  # fmt: skip
        return round(self.start + (self.end - self.start) * (value - low) / (high - low), 1)

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Places and labels of a few round numbers."""
        numbers = _decades(self.low, self.high, most) if self.log else _steps(self.low, self.high, most)
        return [(self(number), _label(number)) for number in numbers]


def around(values: Iterable[float], start: float, end: float, log: bool = False) -> Axis:
    """An axis that holds some finite numbers, with a little room; from 0 on where it is not logarithmic.

    Args:
        values: at least one; above 0 for a logarithmic axis.
        start, end, log: of the `Axis`.
    """
    values = list(values)
    low, high = min(values), max(values)
    if log:
        return Axis(low / 1.25, high * 1.25, start, end, log)
    low, high = min(0.0, low), max(0.0, high)
    return Axis(low, high * 1.05 if high > low else low + 1.0, start, end)


def _label(number):
    """Short, also where it is small: ``1e-4``."""
    if not 0 < abs(number) <= 1e-3:
        return f"{number:g}"
    digits, _, power = f"{number:e}".partition("e")
    return f"{float(digits):g}e{int(power)}"


def _steps(low, high, most):
    """Multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, last + 1)]


def _decades(low, high, most):
    """Powers of ten, or of a hundred, …; with numbers between them where there would be fewer than three."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1,), (1, 3), (1, 2, 5)):
        numbers = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        numbers = [number for number in numbers if low <= number <= high]
        if len(numbers) >= 3:
            break
    if len(numbers) < 2:
        return _steps(low, high, most)
    return numbers[:: math.ceil(len(numbers) / most)]
