"""Whether a difference of two means is more than the chance of the seeds: the one place that decides.

A difference has Student's 95 % interval: paired by seed where both sides have the same seeds, Welch's
otherwise. With one seed on a side nothing is known of chance. Of many differences some are large by chance:
all of a family are decided together, with Holm's correction, so that the probability that any of them is
wrongly called significant is at most 5 %. The validation images are taken as given.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfsup_segmentation.reproduce.formats.numbers import signed

LEVEL = 0.05
SAME = 1e-9  # numbers that are closer differ by their rounding alone

Sample = Mapping[int, float]
"""Numbers by seed."""


@dataclass(frozen=True)
class Difference:
    """Difference of two means.

    Attributes:
        mean: The difference.
        half: Half of its 95 % interval; None where it cannot be estimated.
        p: Probability, 0..1, of a difference at least as large by chance; None with one seed on a side.
    """

    mean: float
    half: float | None = None
    p: float | None = None

    def __str__(self):
        return signed(self.mean) + ("" if self.half is None else f" ± {self.half:.3f}")


def difference(left: Sample, right: Sample | float, by: float = 0.0, rounding: float = 0.0) -> Difference:
    """Difference ``left − right`` of the means of two samples, tested against chance (two-sided).

    Where the seeds make no difference at all there is no spread for Student's test. The exact permutation
    test decides: p is 2 / 2ⁿ for n pairs, and 2 / (n + m choose n) otherwise.

    Args:
        left: One number for each of at least one seed.
        right: Another sample, or a number without a spread.
        by: Difference that is tested against, rather than none.
        rounding: Half a unit of the last digit of ``right``.
    """
    ours, others = list(left.values()), []
    if not isinstance(right, Mapping):
        ours = [value - right for value in ours]
    elif left.keys() == right.keys():
        ours = [value - right[seed] for seed, value in left.items()]
    else:
        others = list(right.values())
    samples = [ours, others] if others else [ours]
    mean = statistics.fmean(ours) - (statistics.fmean(others) if others else 0.0)
    if min(map(len, samples)) < 2:
        return Difference(mean)
    margin = max(abs(mean - by) - rounding, 0.0)
    if all(max(sample) - min(sample) <= SAME for sample in samples):
        cases = math.comb(len(ours) + len(others), len(ours)) if others else 2 ** len(ours)
        return Difference(mean, p=2 / cases if margin > SAME else 1.0)
    from scipy.special import (
        stdtr,
        stdtrit,
    )  # here: its import takes half a second

    squares = [statistics.variance(sample) / len(sample) for sample in samples]
    error = math.sqrt(sum(squares))
    freedom = error**4 / sum(square**2 / (len(s) - 1) for square, s in zip(squares, samples, strict=True))
    half = float(stdtrit(freedom, 1 - LEVEL / 2)) * error
    return Difference(mean, half + rounding, 2 * float(stdtr(freedom, -margin / error)))


def significant(differences: Sequence[Difference], family: int = 0) -> list[bool]:
    """Which of several differences are more than chance (Holm 1979, Scandinavian Journal of Statistics 6).

    Args:
        differences: Those of a family; one without a p-value counts as a comparison and is not significant.
        family: Number of comparisons, if more were made.
    """
    family = max(family, len(differences))
    p_values = sorted((1.0 if d.p is None else d.p, index) for index, d in enumerate(differences))
    answers = [False] * len(differences)
    for rank, (p, index) in enumerate(p_values):
        if p > LEVEL / (family - rank):
            break
        answers[index] = True
    return answers


def in_words(answer: bool | None) -> str:
    """Whether a difference is ``significant``; None where that cannot be told from one seed."""
    return {True: "significant", False: "may be chance", None: "one seed: may be chance"}[answer]
