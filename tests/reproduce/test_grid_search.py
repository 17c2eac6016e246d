"""Picks of the grid search, and the table of all combinations."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.catalog import grid_row, grid_search_runs
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.published import INITS, TABLE1
from selfsup_segmentation.reproduce.tables.collect import collect
from selfsup_segmentation.reproduce.tables.document import comparison_document
from selfsup_segmentation.reproduce.tables.grid_picks import picks, row_name
from selfsup_segmentation.reproduce.tables.grid_search import build, pick_sentence
from tests.synthetic import KINDS, evaluation, write_finished

RUNS = grid_search_runs("scenes-demo", "ImageNet")
ALL = dict.fromkeys(map(grid_row, RUNS), 0.25)
DEPTH = {f"SS+D/GS w_depth={weight:g}": 0.25 + 0.01 * step for step, weight in enumerate(catalog.GRID)}
"""mIoU that rises with the weight of depth: the best is the paper's pick."""


def results(mious, init="ImageNet"):
    """Measured numbers from {row: mIoU, or list of one per seed}."""
    return {
        (row, init): {
            seed: {"sem_miou": value}
            for seed, value in enumerate(values if isinstance(values, list) else [values])
        }
        for row, values in mious.items()
    }


def depth_pick(mious, seeds=(0,), init="ImageNet", reasons=None):
    runs = grid_search_runs("scenes-demo", init, seeds)
    return picks(runs, results(mious, init), init, reasons)["SS+D/GS"]


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_one_row_for_each_combination_grouped_by_tasks(seeds):
    table = build(grid_search_runs("scenes-demo", "ImageNet", seeds), {}, {}, "ImageNet", ["note"])
    sizes = {group.title: len(group.rows) for group in table.groups}
    assert sizes == {"SS + C": 4, "SS + D": 4, "SS + C + D": 16}
    assert [column.metric for column in table.columns] == ["sem_miou", "color_miou", "abs_rel"]
    assert len(table.cells) == 24 * 3
    assert table.notes == ("note",)
    assert "scenes-demo" in table.title and "ImageNet" in table.title
    row = table.groups[2].rows[7]
    assert (row.name, row.label) == ("SS+C+D/GS w_color=1 w_depth=100", "w_color 1, w_depth 100 ◇")
    assert row.tasks == ("seg", "color", "depth")


@pytest.mark.parametrize("init", ["random", *INITS])
def test_published_numbers_stand_beside_the_published_picks_alone(init):
    table = build(grid_search_runs("scenes-demo", init), {}, {}, init)
    shown = {(cell.row, cell.metric): cell.published for cell in table.cells if cell.published is not None}
    published = {"SS+C/GS": "w_color=1", "SS+D/GS": "w_depth=100", "SS+C+D/GS": "w_color=1 w_depth=100"}
    assert shown == {
        (f"{row} {weights}", metric): number
        for row, weights in published.items()
        for metric, number in TABLE1[row].get(init, {}).items()
        if metric in ("sem_miou", "color_miou", "abs_rel")
    }


def test_gains_are_against_the_single_tasks_of_the_same_initialization():
    measured = results({"SS+D/GS w_depth=10": 0.28, "SSImageNet": 0.26})
    measured["D", "ImageNet"] = {0: {"abs_rel": 0.4}}
    measured["SS+D/GS w_depth=10", "ImageNet"][0]["abs_rel"] = 0.3
    table = build(RUNS, measured, {}, "ImageNet")
    assert table.cell("SS+D/GS w_depth=10", "ImageNet", "sem_miou").gain == pytest.approx(0.02)
    assert table.cell("SS+D/GS w_depth=10", "ImageNet", "abs_rel").gain == pytest.approx(-0.1)
    assert table.cell("SS+D/GS w_depth=100", "ImageNet", "sem_miou").published_gain == pytest.approx(0.03)


def test_the_pick_has_the_highest_mean_over_seeds():
    mious = {**DEPTH, "SS+D/GS w_depth=1": [0.2, 0.3, 0.4], "SS+D/GS w_depth=10": [0.1, 0.1, 0.5]}
    pick = depth_pick(mious, seeds=(0, 1, 2))
    assert pick.weights == {"seg": 1.0, "depth": 1.0}
    assert pick.ranked[0].score.mean == pytest.approx(0.3)
    assert pick.seed_std == pytest.approx(((0.02 + 2 * 0.16 / 3) / 4) ** 0.5)


def test_a_tie_goes_to_the_smaller_weights():
    picked = picks(
        RUNS, results({**dict.fromkeys(ALL, 0.2), **dict.fromkeys(list(ALL)[9:], 0.3)}), "ImageNet"
    )
    assert picked["SS+C/GS"].weights == {"seg": 1.0, "color": 0.1}
    assert picked["SS+C+D/GS"].weights == {"seg": 1.0, "color": 0.1, "depth": 1.0}


def test_differences_below_the_recorded_precision_are_a_tie():
    pick = depth_pick({**DEPTH, "SS+D/GS w_depth=1": 0.28 - 1e-9})
    assert pick.weights == {"seg": 1.0, "depth": 1.0}
    assert "(mIoU 0.280 here, equal): not ours." in pick_sentence(pick)


@given(st.lists(st.floats(0, 1), min_size=24, max_size=24))
def test_no_combination_beats_the_pick(values):
    mious = dict(zip(ALL, values, strict=True))
    for row, pick in picks(RUNS, results(mious), "ImageNet").items():
        own = [value for name, value in mious.items() if name.split()[0] == row]
        means = [combination.score.mean for combination in pick.ranked]
        assert sorted(means) == sorted(own)
        assert all(left >= right - 1e-6 for left, right in itertools.pairwise(means))
        assert pick.complete


def without(mious, *rows):
    return {row: value for row, value in mious.items() if row not in rows}


@pytest.mark.parametrize(
    ("mious", "options", "parts"),
    [
        (
            {**DEPTH, "SS+D/GS w_depth=10": 0.287},
            {},
            [
                "SS + D: picked w_depth 10 (mIoU 0.287); the paper's pick is w_depth 100 (mIoU 0.280 here, "
                "0.007 lower, one seed: may be chance): not ours. The 4 combinations span 0.037 (0.250 to "
                "0.287), the next best is 0.007 lower; one seed each: whether the pick is better than "
                "another by more than chance cannot be told."
            ],
        ),
        (
            DEPTH,
            {},
            ["SS + D: picked w_depth 100 (mIoU 0.280); the paper's pick is w_depth 100: also ours. "],
        ),
        (
            {**DEPTH, "SS+D/GS w_depth=10": 0.2803},
            {},
            ["(mIoU 0.280 here, less than 0.001 lower, one seed: may be chance): not ours."],
        ),
        (
            {row: [value, value + 0.02] for row, value in DEPTH.items()},
            {"seeds": (0, 1)},
            [
                "picked w_depth 100 (mIoU 0.290±0.014)",
                "; standard deviation over seeds 0.014 (pooled over combinations); the pick is significantly "
                "better than none of the 3 others.",
            ],
        ),
        (
            {
                "SS+D/GS w_depth=0.1": [0.40, 0.401, 0.402],
                "SS+D/GS w_depth=1": [0.39, 0.41, 0.40],
                "SS+D/GS w_depth=10": [0.30, 0.302, 0.301],
                "SS+D/GS w_depth=100": [0.30, 0.30, 0.301],
            },
            {"seeds": (0, 1, 2)},
            [
                "picked w_depth 0.1",
                "(mIoU 0.300±0.001 here, 0.101 lower, significant): not ours",
                "the pick is significantly better than 2 of the 3 others.",
            ],
        ),
        (
            without(DEPTH, "SS+D/GS w_depth=1"),
            {},
            ["SS + D, so far (3 of 4 combinations): picked w_depth 100 ", ": also ours so far."],
        ),
        (
            {**DEPTH, "SS+D/GS w_depth=10": [0.3, 0.3]},
            {"seeds": (0, 1)},
            ["SS + D, so far (5 of 8 runs): picked w_depth 10 ", ": not ours so far."],
        ),
        (
            {"SS+D/GS w_depth=1": 0.27},
            {},
            [
                "SS + D, so far (1 of 4 combinations): picked w_depth 1 (mIoU 0.270); the paper's pick is "
                "w_depth 100 (not finished here): open. There is no other combination to compare it with."
            ],
        ),
        (
            {},
            {"reasons": {("SS+D/GS w_depth=1", "ImageNet"): "diverged at epoch 3"}},
            [
                "SS + D: no pick, none of 4 combinations is finished (not run; diverged at epoch 3); the "
                "paper's pick is w_depth 100."
            ],
        ),
        (DEPTH, {"init": "random"}, ["the paper's pick for other initializations is w_depth 100"]),
    ],
    ids=[
        "another",
        "same",
        "no zero",
        "seeds",
        "significant",
        "so far",
        "seeds so far",
        "open",
        "none",
        "random",
    ],
)
def test_a_pick_as_a_sentence(mious, options, parts):
    sentence = pick_sentence(depth_pick(mious, **options))
    assert all(part in sentence for part in parts)


def test_a_number_that_nobody_can_have_measured_is_refused():
    with pytest.raises(ValueError, match="nan"):
        depth_pick({**DEPTH, "SS+D/GS w_depth=1": float("nan")})


def test_table_marks_both_picks_and_states_them_in_every_format():
    mious = {**ALL, "SS+D/GS w_depth=10": 0.3, "SS+C/GS w_color=1": 0.3}
    table = build(RUNS, results(mious), {}, "ImageNet")
    labels = {row.name: row.label for group in table.groups for row in group.rows}
    assert labels["SS+D/GS w_depth=10"] == "w_depth 10 ◆"
    assert labels["SS+D/GS w_depth=100"] == "w_depth 100 ◇"
    assert labels["SS+C/GS w_color=1"] == "w_color 1 ◆◇"
    sentences = list(map(pick_sentence, picks(RUNS, results(mious), "ImageNet").values()))
    document = comparison_document(table)
    assert json.loads(formats.to_json(document))["footnotes"][:3] == sentences
    text, markdown = " ".join(formats.to_text(document).split()), formats.to_markdown(document)
    assert all(sentence in text and sentence in markdown for sentence in sentences)


def test_the_shared_pre_training_is_reported():
    def footnotes(init):
        return " ".join(build(grid_search_runs("cityscapes", init), {}, {}, init).footnotes)

    assert "one CoarseCTS pre-training, which has w_color 1, w_depth 100" in footnotes("CoarseCTS")
    assert "pre-training" not in footnotes("ImageNet")


def test_collect_keeps_combinations_apart_and_finds_the_baselines(tmp_path):
    store = Store(tmp_path)
    runs = grid_search_runs("scenes-demo", "CoarseCTS", (0, 1))
    baseline = catalog.make_run("scenes-demo", ("seg",), "none", "CoarseCTS")
    alone = [run for run in catalog.single_task_runs("scenes-demo") if run.init == "CoarseCTS"]
    finished = [run for run in runs if run.row == "SS+C/GS" and run.seed == 0]
    for step, run in enumerate([*finished, baseline]):
        write_finished(store, run, dict.fromkeys(KINDS, evaluation(("seg",), miou=step / 8)))
    measured, reasons = collect([*runs, baseline, *alone], store, runs[0].readings, name=row_name)
    assert measured["SSCoarseCTS", "CoarseCTS"] == {0: {"sem_miou": 0.5}}
    assert [measured[grid_row(run), "CoarseCTS"] for run in finished] == [
        {0: {"sem_miou": value}} for value in (0.0, 0.125, 0.25, 0.375)
    ]
    assert ("D", "CoarseCTS") in reasons
    table = build(runs, measured, reasons, "CoarseCTS")
    cell = table.cell("SS+C/GS w_color=100", "CoarseCTS", "sem_miou")
    assert cell.gain == -0.125
    assert cell.reason == "seed 1: not run"
    assert picks(runs, measured, "CoarseCTS")["SS+C/GS"].finished_runs == 4
