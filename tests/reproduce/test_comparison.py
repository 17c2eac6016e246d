"""What a comparison computes, and what it refuses to show."""

import json
import math
import statistics
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfsup_segmentation.reproduce.published import INITS, TABLE1, TABLE3
from selfsup_segmentation.reproduce.tables import table1, table3, table4
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import NOT_RUN, Column, Group, Row, compare

BEST = ("SS+D/GS", "ImageNet")
scores = st.floats(0, 1, allow_nan=False)


def test_nothing_measured_shows_no_number_of_ours():
    table = table1.build({}, {})
    for cell in table.cells:
        assert cell.values == {}
        assert (cell.mean, cell.std, cell.difference, cell.gain) == (None,) * 4
        assert cell.reason == (NOT_RUN if cell.applies else None)


@pytest.mark.parametrize(
    ("module", "published"), [(table1, TABLE1), (table3, TABLE3), (table4, table4.PUBLISHED)]
)
def test_every_published_number_has_its_cell(module, published):
    table = module.build({}, {})
    shown = {(c.row, c.init, c.metric): c.published for c in table.cells if c.published is not None}
    assert shown == {
        (row, init, metric): value
        for row, inits in published.items()
        for init, metrics in inits.items()
        for metric, value in metrics.items()
    }
    assert [row.name for group in table.groups for row in group.rows] == list(published)
    if module is not table4:
        assert all(c.applies == (c.published is not None) for c in table.cells)
        assert len(table.cells) == (3 + 9 * 2) * len(table.columns)


def test_one_seed_and_its_own_baseline():
    measured = {BEST: {0: {"sem_miou": 0.63}}}
    alone = table1.build(measured, {}).cell(*BEST, "sem_miou")
    assert (alone.gain, alone.published_gain) == (None, pytest.approx(0.03))
    measured["SSImageNet", "ImageNet"] = {0: {"sem_miou": 0.59}}
    cell = table1.build(measured, {}).cell(*BEST, "sem_miou")
    assert cell.mean == 0.63
    assert cell.std is None
    assert cell.difference == pytest.approx(0.63 - 0.64)
    assert cell.gain == pytest.approx(0.04)
    assert cell.published_gain == pytest.approx(0.03)
    assert cell.status == "measured"


@given(st.lists(scores, min_size=2, max_size=5), st.lists(scores, min_size=1, max_size=5))
def test_seeds_are_averaged(ours, baseline):
    measured = {
        BEST: {seed: {"sem_miou": value} for seed, value in enumerate(ours)},
        ("SSImageNet", "ImageNet"): {seed: {"sem_miou": value} for seed, value in enumerate(baseline)},
    }
    cell = table1.build(measured, {}).cell(*BEST, "sem_miou")
    assert cell.n == len(ours)
    assert cell.mean == pytest.approx(np.mean(ours))
    assert cell.std == pytest.approx(np.std(ours, ddof=1))
    assert cell.gain == pytest.approx(np.mean(ours) - np.mean(baseline), abs=1e-12)
    assert cell.std == statistics.stdev(ours)


def test_the_baseline_is_the_one_with_the_same_initialization():
    measured = {
        ("SS+C/UW", "CoarseCTS"): {0: {"sem_miou": 0.5, "color_miou": 0.4}},
        ("SSImageNet", "ImageNet"): {0: {"sem_miou": 0.1}},
        ("SSCoarseCTS", "CoarseCTS"): {0: {"sem_miou": 0.3}},
        ("SSrandom", "random"): {0: {"sem_miou": 0.2}},
    }
    table = table1.build(measured, {})
    assert table.cell("SS+C/UW", "CoarseCTS", "sem_miou").gain == pytest.approx(0.2)
    for row, init in (("SSImageNet", "ImageNet"), ("SSCoarseCTS", "CoarseCTS"), ("SSrandom", "random")):
        single = table.cell(row, init, "sem_miou")
        assert single.gain is None
        assert single.published_gain is None


def test_auxiliary_tasks_gain_against_the_task_alone():
    measured = {
        BEST: {0: {"sem_miou": 0.6, "abs_rel": 0.25, "rmse": 3.0}},
        ("D", "ImageNet"): {0: {"abs_rel": 0.27, "rmse": 3.2}},
    }
    table = table1.build(measured, {})
    assert table.cell(*BEST, "abs_rel").gain == pytest.approx(-0.02)
    assert table.cell(*BEST, "abs_rel").published_gain == pytest.approx(0.24 - 0.27)
    assert table.cell(*BEST, "rmse").gain == pytest.approx(-0.2)
    assert table.cell(*BEST, "rmse").published_gain is None  # the text has AbsRel and SqRel only
    assert table.cell("SS+C/DWA", "CoarseCTS", "color_miou").published_gain == pytest.approx(0.43 - 0.44)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "0.6", np.float32("nan")])
def test_what_is_not_a_number_cannot_be_shown(value):
    with pytest.raises(ValueError, match=r"SS\+D/GS \(ImageNet\): sem_miou"):
        table1.build({BEST: {0: {"sem_miou": 0.6}, 1: {"sem_miou": value}}}, {})
    with pytest.raises(ValueError, match="abs_rel"):  # in a baseline too
        table1.build({("D", "ImageNet"): {0: {"abs_rel": value}}}, {})


def test_numbers_of_numpy_are_numbers():
    table = table1.build({BEST: {0: {"sem_miou": np.float32(0.5)}, 1: {"sem_miou": np.float64(0.5)}}}, {})
    assert table.cell(*BEST, "sem_miou").mean == 0.5
    json.dumps(table.as_dict(), allow_nan=False)


def test_reasons():
    reasons = {("SSImageNet", "ImageNet"): "no ImageNet weights", BEST: "seed 2 diverged"}
    measured = {BEST: {0: {"sem_miou": 0.6}}, ("SS+C/GS", "ImageNet"): {0: {"sem_miou": 0.6}}}
    table = table1.build(measured, reasons)
    assert table.cell("SSImageNet", "ImageNet", "sem_miou").reason == "no ImageNet weights"
    assert table.cell("SSrandom", "random", "sem_miou").reason == NOT_RUN
    assert table.cell(*BEST, "sem_miou").reason == "seed 2 diverged"  # beside a value: fewer seeds
    assert "color_miou" in table.cell("SS+C/GS", "ImageNet", "color_miou").reason  # finished without it
    assert table.cell("SS+C/GS", "ImageNet", "sem_miou").reason is None
    assert table.cell(*BEST, "color_miou").reason is None  # n/a needs none


def test_results_of_other_rows_are_ignored():
    odd = {("SS+D/GS", "random"): {0: {"sem_miou": 0.9}}, ("SS+X", "ImageNet"): {0: {"sem_miou": 0.9}}}
    odd["SSrandom", "random"] = {0: {"abs_rel": 0.1}}  # a metric of a task that the row lacks
    table = table1.build(odd, {("SSrandom", "random"): NOT_RUN})
    assert table == table1.build({}, {})
    assert table.cell("SSrandom", "random", "abs_rel").status == "n/a"
    with pytest.raises(KeyError):
        table.cell("SS+D/GS", "random", "sem_miou")


def test_as_dict_is_plain_and_addressed():
    data = table1.build({BEST: {0: {"sem_miou": 0.6}, 1: {"sem_miou": 0.7}}}, {}, ["demo"]).as_dict()
    assert json.loads(json.dumps(data)) == data
    cell = data["cells"]["SS+D/GS"]["ImageNet"]["sem_miou"]
    expected = {"ours": 0.65, "std": 0.070711, "n": 2, "published": 0.64, "difference": 0.01, "gain": None}
    assert cell | expected | {"published_gain": 0.03} == cell
    assert data["notes"] == ["demo"]


def test_a_metric_that_the_paper_does_not_print():
    """For instance mIoU at half resolution: it applies, and has no published value."""
    row = Row("SS", "SS", ("seg",), ("ImageNet",))
    columns = [Column("sem_miou_half", "mIoU, half", "seg")]
    measured = {("SS", "ImageNet"): {0: {"sem_miou_half": 0.6}}}
    table = compare("t", columns, [Group("g", (row,))], {}, measured, {}, baselines={})
    assert table.cells == (Cell("SS", "ImageNet", "sem_miou_half", values={0: 0.6}),)
    assert table.cells[0].difference is None


def test_layout_of_table1():
    rows = [row for group in table1.GROUPS for row in group.rows]
    assert [row.name for row in rows] == list(TABLE1)
    sizes = {group.title: len(group.rows) for group in table1.GROUPS}
    assert sizes == {"Single": 3, "Two tasks": 6, "Multi": 3}
    assert [row.name for row in rows if row.best] == ["SS+D/GS"]
    labels = {row.name: row.label for row in rows}
    assert labels["SS+D/GS"] == "SS + D (GS: w_seg 1, w_depth 100)"
    assert labels["SS+C+D/UW"] == "SS + C + D (UW)"
    assert not any("λ" in label for label in labels.values())
    assert sum("λ" in line for line in table1.FOOTNOTES) == 1
    assert all(set(row.inits) <= {*INITS, "random"} for row in rows)


def test_tables_and_claims_need_no_tensorflow():
    code = "import sys; from selfsup_segmentation.reproduce.claims import claims, document; "
    code += "print({'tensorflow', 'keras'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "set()"
