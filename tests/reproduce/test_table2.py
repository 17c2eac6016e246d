import pytest

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.published import TABLE2
from selfsup_segmentation.reproduce.tables import table2
from selfsup_segmentation.reproduce.tables.document import comparison_document

SCORES = {"class_miou": 0.5, "class_iiou": 0.25, "cat_miou": 0.75, "cat_iiou": 0.6}


def test_ours_are_labelled_val_and_stand_beside_the_published_test_scores():
    reasons = {("Best", "ImageNet"): "not finished"}
    table = table2.build({("SSImageNet", "ImageNet"): {0: SCORES}}, reasons, "ImageNet")
    text = formats.to_text(comparison_document(table))
    assert "Ours are val, not test" in " ".join(text.split())
    cell = table.cell("SSImageNet", "ImageNet", "class_iiou")
    assert (cell.mean, cell.published) == (0.25, TABLE2["SSImageNet"]["class_iiou"])
    assert table.cell("Best", "ImageNet", "class_miou").mean is None
    assert "not finished" in text


def test_the_gain_of_best_is_over_the_baseline():
    better = {name: score + 0.05 for name, score in SCORES.items()}
    measured = {("SSImageNet", "ImageNet"): {0: SCORES}, ("Best", "ImageNet"): {0: better}}
    cell = table2.build(measured, {}, "ImageNet").cell("Best", "ImageNet", "cat_miou")
    assert cell.gain == pytest.approx(0.05)
    assert cell.published_gain == pytest.approx(0.01)


def test_published_numbers_stand_beside_no_other_initialization():
    table = table2.build({("Best", "CoarseCTS"): {0: SCORES}}, {}, "CoarseCTS")
    assert all(cell.published is None for cell in table.cells)
