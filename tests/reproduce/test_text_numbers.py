import pytest

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.published import TEXT
from selfsup_segmentation.reproduce.tables import text_numbers


def test_runs_are_the_single_tasks_and_the_embedding_beside_its_row():
    named = text_numbers.text_runs("cityscapes")
    rows = [row for row, _ in named]
    assert {row: rows.count(row) for row in rows} == {
        "C": 2, "D": 2, "SS+C/GS": 2, "C, 1×1 embedding": 2, "SS + C (GS), 1×1 embedding": 2
    }  # fmt: skip
    table1 = {run.folder for run in catalog.table1_runs("cityscapes")}
    for row, run in named:
        assert (run.readings.color_input == "embed1x1") == ("embedding" in row)
        assert (run.folder in table1) == (row == "SS+C/GS")


def test_published_numbers_stand_beside_the_single_tasks_alone():
    table = text_numbers.build({}, {})
    for row, inits in TEXT.items():
        for init, metrics in inits.items():
            for metric, value in metrics.items():
                assert table.cell(row, init, metric).published == value
    assert table.cell("D", "ImageNet", "rmse").published is None
    for row in text_numbers.EMBEDDED.values():
        assert table.cell(row, "ImageNet", "color_miou").published is None
    assert all(cell.mean is None for cell in table.cells)
    assert not any("the paper: worse" in footnote for footnote in table.footnotes)


def test_the_embedding_is_measured_against_the_row_without_it():
    measured = {
        ("C", "ImageNet"): {0: {"color_miou": 0.40}},
        ("C, 1×1 embedding", "ImageNet"): {0: {"color_miou": 0.42}},
        ("SS+C/GS", "ImageNet"): {0: {"sem_miou": 0.60, "color_miou": 0.50}},
        ("SS + C (GS), 1×1 embedding", "ImageNet"): {0: {"sem_miou": 0.55, "color_miou": 0.45}},
    }
    table = text_numbers.build(measured, {})
    assert table.cell("C, 1×1 embedding", "ImageNet", "color_miou").gain == pytest.approx(0.02)
    assert table.cell("SS + C (GS), 1×1 embedding", "ImageNet", "sem_miou").gain == pytest.approx(-0.05)
    assert table.cell("SS+C/GS", "ImageNet", "color_miou").gain == pytest.approx(0.10)  # over C alone
    chance = "(one seed: may be chance)"
    assert table.footnotes[0] == f"C, 1×1 embedding, ImageNet: Color mIoU +0.020 {chance}; the paper: worse."
    assert f"Sem. mIoU -0.050 {chance}, Color mIoU -0.050 {chance}" in table.footnotes[1]
