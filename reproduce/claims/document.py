"""Verdicts on the paper's numbers and on ours, side by side, as a document."""

from collections.abc import Sequence

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.claims.verdicts import FAILS, HOLDS, Verdict

TITLE = "The claims of the paper's text"

_TONES = {HOLDS: "good", FAILS: "bad"}


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
    lines, claims, records = [], [], []
    for paper, ours in zip(published, measured, strict=True):
        claim, sides = paper.claim, {"published": paper, "ours": ours}
        data = {"section": claim.section, "quote": claim.quote, "reading": claim.reading}
        answers = {side: {"verdict": v.answer, "reason": v.reason} for side, v in sides.items()}
        claims.append(data | answers)
        records.append(data | {f"{side}_{key}": t for side in sides for key, t in answers[side].items()})
        group = f"{claim.section}: “{claim.quote}”"
        cells = [formats.Cell((v.answer,), (_TONES.get(v.answer, "open"),)) for v in (paper, ours)]
        details = (f"paper: {paper.reason}", f"ours: {ours.reason}")
        lines.append(formats.Line(group, claim.reading, cells, details=details))
    columns = (formats.Column("paper"), formats.Column("ours"))
    table = formats.Table(columns, tuple(lines), headings=("claim",))
    return formats.Document(TITLE, (table,), tuple(notes), data={"claims": claims}, records=records)
