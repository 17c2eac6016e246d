"""The table of all weightings, and the command that makes it."""

import pytest

from selfsup_segmentation.experiments.catalog import MULTI_TASKS, weighting_runs
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.weightings import WEIGHTINGS
from selfsup_segmentation.reproduce.published import TABLE1
from selfsup_segmentation.reproduce.tables.weightings import build, training_speeds
from tests.refused import refused, reproduce
from tests.synthetic import KINDS, evaluation, write_finished

SEEDS = (0, 1, 2)


def table(mious=None, init="random", speeds=None, seeds=SEEDS):
    """The table from {row: mIoU of each seed}."""
    measured = {
        (row, init): {seed: {"sem_miou": value} for seed, value in zip(seeds, values, strict=True)}
        for row, values in (mious or {}).items()
    }
    return build(weighting_runs("scenes-demo", init, seeds), measured, {}, init, speeds or {}, ["note"])


def test_every_weighting_has_a_row_in_each_set_of_tasks_and_gains_over_the_single_task():
    made = table({"SSrandom": [0.2, 0.21, 0.22], "SS+D/UW": [0.25, 0.262, 0.268]})
    assert [len(group.rows) for group in made.groups] == [1, *[len(WEIGHTINGS)] * len(MULTI_TASKS)]
    assert made.notes == ("note",) and "random" in made.title
    gain = made.cell("SS+D/UW", "random", "sem_miou")
    assert gain.gain == pytest.approx(0.05) and gain.baseline_row == "SSrandom" and gain.significant
    assert made.cell("SS+D/CosineGate", "random", "sem_miou").reason == "not run"
    assert not made.cell("SS+C/GS", "random", "abs_rel").applies


def test_the_papers_numbers_stand_beside_the_papers_rows_alone():
    cells = table(init="CoarseCTS").cells
    found = {(cell.row, cell.metric): cell.published for cell in cells if cell.published is not None}
    assert found["SS+D/UW", "sem_miou"] == TABLE1["SS+D/UW"]["CoarseCTS"]["sem_miou"]
    assert {row.split("/")[-1] for row, _ in found} == {"SSCoarseCTS", "GS", "UW", "DWA"}


def test_a_sentence_ranks_the_rows_and_compares_each_with_gs():
    mious = {
        "SS+D/GS": [0.25, 0.26, 0.27],
        "SS+D/UW": [0.22, 0.26, 0.30],
        "SS+D/CosineGate": [0.30, 0.312, 0.318],
    }
    sentence, *rest = table(mious, speeds={"SS+D/GS": 6.0, "SS+D/CosineGate": 5.0}).footnotes
    assert not rest[0].startswith("SS")  # nothing is finished of the other sets
    assert sentence == (
        "SS + D by mean Sem. mIoU: 1. CosineGate 0.310±0.009 (minus GS +0.050 ± 0.005, significant), time of "
        "a step 1.20 × GS; 2. GS 0.260±0.010; 3. UW 0.260±0.040 (minus GS +0.000 ± 0.075, may be chance)."
    )


def test_with_one_seed_nothing_is_called_better():
    sentence = table({"SS+D/GS": [0.2], "SS+D/UW": [0.4]}, seeds=(0,)).footnotes[0]
    assert "1. UW 0.400 (minus GS +0.200, one seed: may be chance); 2. GS 0.200." in sentence


def test_speeds_are_medians_of_finished_runs(tmp_path):
    store = Store(tmp_path)
    runs = weighting_runs("scenes-demo", "random", (0, 1))
    for run, speeds in zip(runs[:2], ([4.0, 5.0], [6.0, None]), strict=True):
        history = [{"images_per_second": speed} for speed in speeds]
        write_finished(store, run, dict.fromkeys(KINDS, evaluation(run.tasks)), history=history)
    assert training_speeds(runs, store) == {"SSrandom": 5.0}


def test_the_command_shows_what_is_finished_and_refuses_rows_that_do_not_exist(pristine, tmp_path, capsys):
    words = ["weightings", "--cityscapes", pristine, "--runs", tmp_path]
    assert "no such row" in refused(capsys, *words, "--rows", "SS+D/RLW")
    assert reproduce(*words, "--plan") == 0
    planned = capsys.readouterr().out
    assert all(run.folder in planned for run in weighting_runs("scenes-demo", "random"))
