"""Table 4: a number of another paper is quoted, never ours."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_segmentation.reproduce.published import BEST
from selfsup_segmentation.reproduce.tables import table4
from selfsup_segmentation.reproduce.tables.comparison import NOT_RUN
from tests.reproduce.test_formats import FORMATS, to_csv

BASELINE = ("SSImageNet", "ImageNet")
OURS = {"Ours - Baseline (SSImageNet)": BASELINE, "Ours - Best": BEST}
BANNER = "DEMO SCALE: not comparable with the paper"
scores = st.lists(st.floats(0, 1), max_size=3)


def measured(**scores):
    """Results of Table 1's runs; keyword arguments are the seeds of ``baseline`` and ``best``."""
    addresses = {"baseline": BASELINE, "best": BEST}
    return {
        addresses[name]: {seed: {"sem_miou": score} for seed, score in enumerate(seeds)}
        for name, seeds in scores.items()
    }


@settings(deadline=None)
@given(scores, scores)
def test_only_the_two_rows_of_the_paper_are_measured_and_only_on_val(baseline, best):
    table = table4.build(measured(baseline=baseline, best=best), {})
    for cell in table.cells:
        expected = {BASELINE: baseline, BEST: best}.get(OURS.get(cell.row)) if cell.metric == "val" else None
        assert list(cell.values.values()) == (expected or [])
        assert bool(cell.reason) == (not cell.values)


def test_gain_and_difference():
    table = table4.build(measured(baseline=[0.60], best=[0.62, 0.64]), {})
    best = table.cell("Ours - Best", "ImageNet", "val")
    assert best.mean == pytest.approx(0.63)
    assert best.difference == pytest.approx(-0.01)
    assert best.gain == pytest.approx(0.03)
    assert best.published_gain == pytest.approx(0.03)
    assert table.cell("Ours - Baseline (SSImageNet)", "ImageNet", "val").gain is None
    assert table.cell("Ours - Best", "ImageNet", "test").gain is None


def test_best_stays_the_papers_best():
    better = {
        ("SS+D/UW", "ImageNet"): {0: {"sem_miou": 0.9}},
        ("SS+D/GS", "CoarseCTS"): {0: {"sem_miou": 0.9}},
    }
    better[BEST] = {0: {"abs_rel": 0.2}}  # finished without the metric
    cell = table4.build(better, {}).cell("Ours - Best", "ImageNet", "val")
    assert cell.values == {}
    assert cell.reason == NOT_RUN


def test_reasons():
    reasons = {BASELINE: "no ImageNet weights", BEST: "seed 1: diverged"}
    table = table4.build(measured(best=[0.6]), reasons)
    reasons_shown = {(c.row, c.metric): c.reason for c in table.cells}
    assert reasons_shown["Ours - Baseline (SSImageNet)", "val"] == "no ImageNet weights"
    assert reasons_shown["Ours - Best", "val"] == "seed 1: diverged"  # beside a value: fewer seeds
    assert (
        reasons_shown["Ours - Baseline (SSImageNet)", "test"]
        == reasons_shown["Ours - Best", "test"]
        == table4.SERVER
    )
    others = {reason for (row, _), reason in reasons_shown.items() if row not in OURS}
    assert others == {table4.NOT_OURS}


@pytest.mark.parametrize("to_format", FORMATS)
def test_every_format_has_numbers_and_explanations(to_format):
    text = to_format(table4.build(measured(best=[0.6123]), {}, [BANNER]))
    assert text.index(BANNER) < text.index(table4.TITLE)
    assert "0.612" in text
    assert table4.NOT_OURS in text and table4.SERVER in text
    if to_format is not to_csv:  # CSV has no footnotes
        assert all(word in " ".join(text.split()) for word in ("57.9", "ten classes", "protocol"))
