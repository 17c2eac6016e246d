"""The paper's numbers: against a transcription, against the scanned text, and among themselves."""

import json
import re
from collections import Counter

import pytest

from selfsup_segmentation.reproduce import published
from selfsup_segmentation.reproduce.published import (
    BASELINES,
    BEST,
    GRID_WEIGHTS,
    INITS,
    TABLE1,
    TABLE2,
    TABLE3,
    TABLE4,
    TEXT,
)
from tests.conftest import shared_file


def leaves(tree) -> list[float]:
    """All numbers of nested mappings."""
    if isinstance(tree, float):
        return [tree]
    return [number for child in tree.values() for number in leaves(child)]


@pytest.fixture(scope="module")
def transcription() -> dict:
    text = shared_file("SPEC.md").read_text(encoding="utf-8")
    return json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL).group(1))


def unfolded(rows: dict) -> dict:
    """{row: {metric: number of a single row, or pair by init}} as {row: {init: {metric: value}}}."""
    result = {}
    for row, metrics in rows.items():
        for metric, value in metrics.items():
            if metric not in ("w", "best"):
                single = {init: value for init, name in BASELINES.items() if name == row}
                by_init = dict(zip(INITS, value, strict=True)) if isinstance(value, list) else single
                for init, number in by_init.items():
                    result.setdefault(row, {}).setdefault(init, {})[metric] = number
    return result


def test_all_numbers_equal_the_transcription(transcription):
    rows = transcription["table1"]
    assert unfolded(rows) == TABLE1
    assert list(rows) == list(TABLE1)  # the paper's order
    assert unfolded(transcription["text"]) == TEXT
    assert transcription["table2_test"] == TABLE2
    assert unfolded({row: {"sem_miou": v} for row, v in transcription["table3_kitti"].items()}) == TABLE3
    assert transcription["table4"] == TABLE4
    assert {name: row["w"] for name, row in rows.items() if "w" in row} == GRID_WEIGHTS
    assert [name for name, row in rows.items() if row.get("best")] == [BEST[0]]


@pytest.mark.parametrize(
    ("table", "begin", "end"),
    [
        (TABLE1, "Sem. Segmentation\tColorization", "*The values are capped"),
        (TABLE2, "Class mIOU\tClass iIOU", "trained on ImageNet and Cityscapes"),
        (TABLE3, "Single\tSSrandom SSImageNet", "Table 4: Semantic segmentation results"),
        (TABLE4, "SegNet [2]\t", "set) which is quantitatively better"),
        (TEXT, "When trained as a single task", "These results indicate"),
    ],
    ids=["table1", "table2", "table3", "table4", "text"],
)
def test_the_same_numbers_stand_in_the_paper(table, begin, end):
    text = shared_file("paper.txt").read_text(encoding="utf-8")
    printed = text[text.index(begin) :]
    printed = printed[: printed.index(end)]
    assert Counter(leaves(table)) == Counter(map(float, re.findall(r"\d\.\d\d", printed)))


@pytest.mark.parametrize(
    ("table", "count"),
    [(TABLE1, 3 + 18 + 12 + 12 * 4), (TABLE2, 8), (TABLE3, 3 + 18), (TABLE4, 7 + 9), (TEXT, 2 + 4)],
    ids=["table1", "table2", "table3", "table4", "text"],
)
def test_number_of_numbers(table, count):
    assert len(leaves(table)) == count


@pytest.mark.parametrize("table", [TABLE1, TABLE3], ids=["table1", "table3"])
def test_rows_have_the_metrics_of_their_tasks(table):
    for row, inits in table.items():
        tasks = row.split("/")[0].split("+")
        assert set(inits) == (set(INITS) if len(tasks) > 1 else {i for i, r in BASELINES.items() if r == row})
        for metrics in inits.values():
            expected = {"sem_miou"}
            if table is TABLE1:
                expected |= {"color_miou"} if "C" in tasks else set()
                expected |= {"abs_rel", "sq_rel", "rmse", "rmse_log"} if "D" in tasks else set()
            assert set(metrics) == expected


def test_table1_and_3_have_the_same_rows():
    assert list(TABLE1) == list(TABLE3)
    assert set(GRID_WEIGHTS) == {row for row in TABLE1 if row.endswith("/GS")}


def test_grid_weights_name_the_tasks_of_their_row():
    names = {"SS": "seg", "C": "color", "D": "depth"}
    for row, weights in GRID_WEIGHTS.items():
        assert list(weights) == [names[task] for task in row.split("/")[0].split("+")]
        assert weights["seg"] == 1
        assert set(weights.values()) <= {0.1, 1, 10, 100}


def test_tables_agree_with_each_other():
    baseline = TABLE1["SSImageNet"]["ImageNet"]["sem_miou"]
    best = TABLE1[BEST[0]][BEST[1]]["sem_miou"]
    ours = {"test": TABLE2["SSImageNet"]["class_miou"], "val": baseline}
    assert TABLE4["Ours - Baseline (SSImageNet)"] == ours
    assert TABLE4["Ours - Best"] == {"test": TABLE2["Best"]["class_miou"], "val": best}
    assert best - baseline == pytest.approx(published.CLAIMED_GAIN)


def test_best_cells_are_the_highest():
    for table, (row, init) in ((TABLE1, BEST), (TABLE3, published.BEST_KITTI)):
        scores = {(r, i): m["sem_miou"] for r, inits in table.items() for i, m in inits.items()}
        assert max(scores, key=scores.get) == (row, init)
        assert list(scores.values()).count(scores[row, init]) == 1


def test_everything_is_read_only():
    for mapping in (TABLE1, TABLE2, TABLE3, TABLE4, TEXT, GRID_WEIGHTS, BASELINES):
        with pytest.raises(TypeError):
            mapping["new"] = 0.5
    with pytest.raises(TypeError):
        TABLE1["SS+D/GS"]["ImageNet"]["sem_miou"] = 0.99
