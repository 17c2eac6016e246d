import functools
import re

import pytest

from selfsup_segmentation.data.layouts import KITTI
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.readings import AT_EVALUATION, DECLARED, Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.formats import to_text
from selfsup_segmentation.reproduce.tables.document import comparison_document
from selfsup_segmentation.reproduce.tables.readings_table import allowed, build, variants
from tests.synthetic import evaluation, write_finished


def make(
    seed, readings, tasks=("seg", "depth"), weighting="GS", init="random", dataset="scenes-demo", start=""
):
    return catalog.make_run(dataset, tasks, weighting, init, seed, readings, start=start)


def names(tried):
    return [variant.name for variant in tried]


def finish(store, run, native, network=0.1, shared=0.05):
    mious = {"per_input": native, "shared": shared}
    write_finished(store, run, {kind: evaluation(run.tasks, miou, network) for kind, miou in mious.items()})


def test_every_reading_that_is_relevant_to_the_row_is_tried_one_at_a_time():
    tried = variants(make, Readings(), (0,))
    assert names(tried)[:2] == ["default", "seed=1"]
    for variant in tried[2:]:
        name = variant.name.split("=")[0]
        assert set(variant.readings.changed()) == {name}
        assert variant.trained == (name not in AT_EVALUATION)
        assert variant.trained == (variant.runs != tried[0].runs)
    readings = {name.split("=")[0] for name in names(tried)[2:]}
    assert {"disp_scale", "recon_space", "input_norm", "augment", *AT_EVALUATION} <= readings
    assert not {"mfb", "uw_form", "kitti_fit", "coarse_load", "w_depth"} & readings


def test_a_split_that_the_data_does_not_have_is_left_out_with_the_reason(kitti_sample, tmp_path):
    kitti = functools.partial(make, dataset="scenes-kitti-demo", start="scenes-demo", weighting="UW")
    tried = variants(kitti, Readings(), (0,))
    source = Source(KITTI, kitti_sample)
    store = Store(tmp_path)
    possible, (note,) = allowed(tried, source, store)
    assert set(names(tried)) - set(names(possible)) == {"kitti_split_seed=1"}
    assert "kitti_split_seed=1" in note and "these are 30" in note
    for run in next(variant for variant in tried if variant.name == "kitti_split_seed=1").runs:
        finish(store, run, 0.5)
    assert allowed(tried, Source(KITTI, tmp_path / "not mounted"), store) == (tried, [])


def test_all_readings_are_tried_by_some_row_of_some_table():
    everything = functools.partial(make, tasks=("seg", "color", "depth"), init="CoarseCTS")
    tried = [*variants(functools.partial(everything, weighting="UW"), Readings(), (0,))]
    tried += variants(functools.partial(everything, weighting="DWA"), Readings(), (0,))
    kitti = {"dataset": "scenes-kitti-demo", "start": "scenes-demo", "weighting": "UW"}
    tried += variants(functools.partial(everything, **kitti), Readings(), (0,))
    readings = {name.split("=")[0] for name in names(tried)} - {"default", "seed"}
    assert readings == {name for name, reading in DECLARED.items() if reading.tries}


def test_on_kitti_the_runs_that_all_start_from_stay_the_same():
    tried = variants(functools.partial(make, dataset="kitti", start="cityscapes"), Readings(), (0,))
    trained = [variant for variant in tried[2:] if variant.trained]
    assert {catalog.dependency(v.runs[0]) for v in trained} == {catalog.dependency(tried[0].runs[0])}
    assert {name.split("=")[0] for name in names(trained)} == {
        "kitti_fit", "kitti_split_seed", "kitti_load", "color_stats"
    }  # fmt: skip


def test_readings_that_are_not_the_default_stay_while_others_are_tried():
    tried = variants(make, Readings(disp_scale="W"), (0,))
    assert "disp_scale=0.3W" in names(tried)
    assert "disp_scale=W" not in names(tried)
    assert all("disp_scale" in v.readings.changed() for v in tried if not v.name.startswith("disp_scale"))


def test_effects_are_against_the_default_and_the_largest_comes_first(tmp_path):
    store, tried = Store(tmp_path), variants(make, Readings(), (0,))
    numbers = {"default": 0.40, "seed=1": 0.41, "disp_scale=W": 0.30, "augment=flip": 0.45}
    for variant in tried:
        if variant.name in numbers:
            finish(store, variant.runs[0], numbers[variant.name])
    table = build(tried, store, ["DEMO"])
    effects = {name: table.cell(name, "random", "sem_miou").gain for name in numbers}
    assert effects["default"] is None
    assert effects["disp_scale=W"] == pytest.approx(-0.10)
    assert effects["augment=flip"] == pytest.approx(0.05)
    assert table.cell("eval_resolution=network", "random", "sem_miou").gain == pytest.approx(-0.30)
    assert table.cell("encoder_bn_eval=shared", "random", "sem_miou").gain == pytest.approx(-0.35)
    trained = [row.name for group in table.groups if group.title == "Trained anew" for row in group.rows]
    assert trained[:2] == ["disp_scale=W", "augment=flip"]
    assert table.cell("recon_space=L", "random", "sem_miou").reason == "not run"
    shown = to_text(comparison_document(table))
    assert shown.startswith("DEMO")
    assert "moves Sem. mIoU by 0.010" in " ".join(shown.split())
    assert "cannot be told from one seed" in " ".join(shown.split())


def test_with_several_seeds_the_summary_counts_the_significant_effects(tmp_path):
    store, tried = Store(tmp_path), variants(make, Readings(), (0, 1, 2, 3))
    numbers = {"default": 0.40, "disp_scale=W": 0.10, "augment=flip": 0.4001}
    for variant in tried:
        for seed, run in enumerate(variant.runs):
            if variant.name in numbers:
                moved = 0.001 * {"augment=flip": seed % 2, "disp_scale=W": seed**2}.get(variant.name, seed)
                finish(store, run, numbers[variant.name] + moved)
    table = build(tried, store)
    significant = [cell.row for cell in table.cells if cell.significant and cell.metric == "sem_miou"]
    assert "disp_scale=W" in significant and "augment=flip" not in significant
    assert any(
        re.match(r"\d of \d+ readings move Sem. mIoU by more than the chance", f) for f in table.footnotes
    )


def test_without_a_single_number_nothing_is_concluded(tmp_path):
    table = build(variants(make, Readings(), (0,)), Store(tmp_path))
    assert not any("moves" in footnote for footnote in table.footnotes)
    assert all(not cell.values for cell in table.cells)
