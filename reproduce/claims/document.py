"""The verdicts on the paper's numbers and on ours, side by side, as a document."""

from collections.abc import Sequence

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.claims.verdicts import FAILS, HOLDS, OPEN, Verdict

TITLE = "The claims of the paper's text"

_TONES = {HOLDS: "good", FAILS: "bad", OPEN: "open"}


def claims_document(
    published: Sequence[Verdict], measured: Sequence[Verdict], notes: Sequence[str] = ()
) -> formats.Document:
    """Quotes of the paper, and for each of their claims both verdicts with the reasons.

    Args:
        published, measured: Verdicts on the same claims, on the paper's numbers and on ours.
        notes: Lines that come first.

    Raises:
        ValueError: There are not as many verdicts on either side.
    """
    pairs = list(zip(published, measured, strict=True))
    claims = [
        {"section": paper.claim.section, "quote": paper.claim.quote, "reading": paper.claim.reading}
        | {
            side: {"verdict": verdict.answer, "reason": verdict.reason}
            for side, verdict in (("published", paper), ("ours", ours))
        }
        for paper, ours in pairs
    ]
    records = [
        {key: claim[key] for key in ("section", "quote", "reading")}
        | {f"{side}_{key}": text for side in ("published", "ours") for key, text in claim[side].items()}
        for claim in claims
    ]
    table = formats.Table(
        (formats.Column("paper"), formats.Column("ours")),
        tuple(_line(*pair) for pair in pairs),
        headings=("claim",),
    )
    return formats.Document(TITLE, (table,), tuple(notes), data={"claims": claims}, records=records)


def _line(paper: Verdict, ours: Verdict) -> formats.Line:
    claim = paper.claim
    return formats.Line(
        f"{claim.section}: “{claim.quote}”",
        claim.reading,
        [formats.Cell((verdict.answer,), (_TONES[verdict.answer],)) for verdict in (paper, ours)],
        details=(f"paper: {paper.reason}", f"ours: {ours.reason}"),
    )
