import pytest

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.monitoring.cost import flop_per_step, steps
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.reproduce.published import GRID_WEIGHTS, TABLE1, TABLE3


def test_table_1_has_every_cell_of_the_paper():
    runs = catalog.table1_runs("cityscapes")
    cells = {(catalog.table_row(run), run.init) for run in runs}
    assert cells == {(row, init) for row, inits in TABLE1.items() for init in inits}
    assert len(runs) == 21


def test_grid_search_rows_use_the_published_weights():
    for run in catalog.table1_runs("cityscapes"):
        assert run.weights == dict(GRID_WEIGHTS.get(run.row, {}))


@pytest.mark.parametrize("init", catalog.MULTI_INITS)
def test_the_grid_search_is_24_runs_a_seed_and_those_of_table_1_are_among_them(init):
    runs = catalog.grid_search_runs("cityscapes", init, seeds=(0, 1))
    assert len({run.folder for run in runs}) == len(runs) == 2 * (4 + 4 + 16)
    table = {run.folder for run in catalog.table1_runs("cityscapes", (0, 1)) if run.weighting == "GS"}
    assert {run.folder for run in runs} & table == {f for f in table if f"/{init}/" in f}
    assert sum(run.folder in table for run in runs) == 2 * 3


def test_the_grid_search_tries_every_pair_of_weights_beside_1_for_segmentation():
    tried = {"SS+C/GS": [], "SS+D/GS": [], "SS+C+D/GS": []}
    for run in catalog.grid_search_runs("cityscapes", "ImageNet"):
        weights = dict(run.weights)
        assert weights.pop("seg") == 1
        tried[run.row].append(tuple(weights.values()))
    four = [0.1, 1, 10, 100]
    assert sorted(tried["SS+C/GS"]) == sorted(tried["SS+D/GS"]) == [(weight,) for weight in four]
    assert sorted(tried["SS+C+D/GS"]) == [(color, depth) for color in four for depth in four]


def test_combinations_of_the_grid_search_have_names_of_their_own():
    rows = [catalog.grid_row(run) for run in catalog.grid_search_runs("cityscapes", "ImageNet")]
    assert len(set(rows)) == 24
    assert {"SS+C/GS w_color=0.1", "SS+C+D/GS w_color=1 w_depth=100"} <= set(rows)


def test_the_grid_search_needs_one_pre_training_or_none():
    def needed(init, readings=None):
        runs = catalog.grid_search_runs("cityscapes", init, seeds=(0, 1), readings=readings)
        return [run for run in catalog.with_dependencies(runs) if run not in runs]

    assert needed("ImageNet") == []
    assert needed("CoarseCTS") == [catalog.coarse_run("cityscapes")]
    other = Readings(disp_scale="W", w_depth=10.0)
    assert needed("CoarseCTS", other) == [catalog.coarse_run("cityscapes", Readings(disp_scale="W"))]


def test_other_readings_hold_for_the_whole_grid_search():
    for run in catalog.grid_search_runs("cityscapes", "ImageNet", readings=Readings(augment="flip")):
        assert run.readings.augment == "flip"


def test_every_seed_is_a_run_of_its_own_on_one_pre_training():
    runs = catalog.table1_runs("cityscapes", seeds=(0, 1, 2))
    ordered = catalog.with_dependencies(runs)
    folders = [run.folder for run in ordered]
    assert len(set(folders)) == len(folders) == 3 * 21 + 1
    coarse = folders.index(catalog.coarse_run("cityscapes").folder)
    assert all(coarse < i for i, run in enumerate(ordered) if run.init == "CoarseCTS")


def test_readings_that_are_irrelevant_to_the_pre_training_share_it():
    default = catalog.coarse_run("cityscapes")
    assert catalog.coarse_run("cityscapes", Readings(uw_form="gal", w_color=10.0, w_depth=1.0)) == default
    assert catalog.coarse_run("cityscapes", Readings(disp_scale="W")) != default


def test_a_pre_training_as_long_as_the_schedule_says_is_the_default():
    def run(epochs):
        return catalog.make_run(
            "cityscapes", ("seg",), "none", "CoarseCTS", readings=Readings(coarse_epochs=epochs)
        )

    usual = catalog.coarse_run("cityscapes").schedule.epochs
    assert run(usual) == run(0)
    assert catalog.dependency(run(usual)) == catalog.dependency(run(0))
    assert run(usual + 1) != run(0)


def test_the_pre_training_uses_no_labels():
    run = catalog.coarse_run("cityscapes")
    assert run.tasks == ("color", "depth")
    assert run.split == "train_extra"


def test_the_pre_training_lasts_as_long_as_its_reading_says():
    run = catalog.coarse_run("cityscapes", Readings(coarse_epochs=30))
    default = catalog.coarse_run("cityscapes")
    assert steps(run, 19_997) == 2 * steps(default, 19_997)
    assert run.folder == f"{default.folder},epochs=30"


def test_costs_are_those_of_the_network():
    def tera(*tasks, weighting="GS"):
        run = catalog.make_run("cityscapes", tasks, weighting if len(tasks) > 1 else "none", "random")
        return round(flop_per_step(run) / 1e12, 2)

    assert tera("seg") == 0.54
    assert tera("seg", "depth") == 0.84
    assert tera("seg", "color") == 1.07
    assert tera("seg", "color", "depth") == 1.38
    # The gradient of each task: one more backward pass through the encoder where two share a forward pass.
    assert tera("seg", "color", weighting="CosineGate") == 1.07
    assert tera("seg", "depth", weighting="CosineGate") == 1.0
    assert tera("seg", "color", "depth", weighting="CosineGate") == 1.53


def test_steps_drop_the_remainder_of_an_epoch():
    run = catalog.make_run("cityscapes", ("seg",), "none", "random")
    assert steps(run, 2975) == 148_700
    assert steps(catalog.coarse_run("cityscapes"), 19_997) == 149_970


def test_table_3_continues_every_run_of_table_1():
    runs = catalog.table3_runs("kitti", "cityscapes")
    assert {(catalog.table_row(run), run.init) for run in runs} == {
        (row, init) for row, inits in TABLE3.items() for init in inits
    }
    assert [catalog.dependency(run) for run in runs] == catalog.table1_runs("cityscapes")
    ordered = [run.folder for run in catalog.with_dependencies(runs)]
    assert len(ordered) == 21 + 21 + 1
    assert all(ordered.index(catalog.dependency(run).folder) < ordered.index(run.folder) for run in runs)


def test_runs_with_and_without_a_start_do_not_share_a_folder():
    started = catalog.make_run("kitti", ("seg",), "none", "random", start="cityscapes")
    assert started.folder != catalog.make_run("kitti", ("seg",), "none", "random").folder


def test_names_of_data_sets_say_their_scale():
    for name in ("cityscapes", "kitti", "scenes", "scenes-kitti"):
        for scale in catalog.SCALES:
            label = catalog.dataset_label(name, scale)
            assert catalog.scale_of(label) == scale
            assert catalog.layout_of(label).name == ("kitti" if "kitti" in name else "cityscapes")
