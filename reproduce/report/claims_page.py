"""The page of the claims of the paper's text."""

import itertools
from collections import Counter
from collections.abc import Sequence

from selfsup_segmentation.reproduce.claims.document import TITLE
from selfsup_segmentation.reproduce.claims.verdicts import FAILS, HOLDS, OPEN, Verdict
from selfsup_segmentation.reproduce.report.page import PageContext, render_numbers


def claims_html(
    published: Sequence[Verdict], measured: Sequence[Verdict], notes: Sequence[str], context: PageContext
) -> str:
    """The page; raises as `reproduce.report.page.render_numbers`.

    Args:
        published, measured: verdicts on the same claims, on the paper's numbers and on ours.
        notes: lines that come before all numbers.
        context: what every page shows.
    """
    pairs = zip(published, measured, strict=True)
    quotes = itertools.groupby(pairs, key=lambda pair: pair[0].claim.quote)
    return render_numbers(
        "claims.html.jinja",
        context,
        list(dict.fromkeys(run for _, run in context.shown)),
        TITLE,
        notes,
        {},
        quotes=[(quote, list(verdicts)) for quote, verdicts in quotes],
        counts=[("The paper's numbers", _count(published)), ("Ours", _count(measured))],
        css={HOLDS: "better", FAILS: "worse"},
    )


def _count(verdicts):
    """``12 × holds`` and the like."""
    counts = Counter(verdict.answer for verdict in verdicts)
    return [f"{counts[answer]} × {answer}" for answer in (HOLDS, FAILS, OPEN) if counts[answer]]
