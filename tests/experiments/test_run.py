import dataclasses
import json
import math

import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import coarse_run, dependency, make_run
from selfsup_segmentation.experiments.readings import AT_EVALUATION, DECLARED, Readings
from selfsup_segmentation.experiments.run import Run
from tests.experiments.conftest import ALTERNATIVES

READ = {name for name, reading in DECLARED.items() if not reading.computing}  # readings of the paper's text


def test_rows_carry_the_names_of_the_paper():
    def row(*tasks, weighting="GS"):
        return make_run("cityscapes", tasks, weighting, "ImageNet").row

    assert row("seg", weighting="none") == "SS"
    assert row("seg", "depth") == "SS+D/GS"
    assert row("seg", "color", "depth", weighting="UW") == "SS+C+D/UW"
    assert coarse_run("cityscapes").row == "CoarseCTS"


def test_a_description_survives_json():
    run = make_run("cityscapes-demo", ("seg", "depth"), "GS", "ImageNet", 3, Readings(disp_scale="W"))
    run = dataclasses.replace(run, schedule=dataclasses.replace(run.schedule, epochs=7))
    assert Run.from_dict(json.loads(json.dumps(run.to_dict() | {"extra": 1}))) == run


def test_a_description_with_an_unknown_task_is_refused():
    described = make_run("cityscapes", ("seg",), "none", "random").to_dict() | {"tasks": ["seg", "normals"]}
    with pytest.raises(InputError, match=r"another version of this program \('normals'\)"):
        Run.from_dict(described)


def test_the_folder_names_everything_that_is_not_the_default():
    run = make_run("cityscapes", ("seg", "depth"), "UW", "ImageNet", 2)
    assert run.folder == "cityscapes/SS+D-UW/ImageNet/seed2"
    changed = dataclasses.replace(
        run,
        readings=Readings(recon_mask_oob=True),
        schedule=dataclasses.replace(run.schedule, size=(512, 256)),
    )
    assert changed.folder == "cityscapes/SS+D-UW/ImageNet/seed2,recon_mask_oob=True,size=512x256"


def test_every_reading_has_an_alternative():
    assert {name for name, _ in ALTERNATIVES} == READ
    for name, value in ALTERNATIVES:
        assert Readings(**{name: value}).changed() == {name: value}
    assert Readings().changed() == {}


@pytest.mark.parametrize(
    "readings",
    [{"precision": "mixed_bfloat16"}, {"tf32": True}, {"jit": True}, {"deterministic": False},
     {"replicas": 2}, {"replicas": 2, "batch_norm": "per_replica"}],
)  # fmt: skip
def test_a_run_that_is_computed_otherwise_is_another_run_and_so_is_what_it_goes_on_from(readings):
    run = make_run("kitti", ("seg",), "none", "CoarseCTS", readings=Readings(**readings), start="cityscapes")
    while run is not None:
        assert run.variations == readings
        run = dependency(run)


def test_batch_norm_of_one_device_is_that_of_the_whole_batch():
    assert make_run(
        "kitti", ("seg",), "none", "random", readings=Readings(batch_norm="per_replica")
    ) == make_run("kitti", ("seg",), "none", "random")


def folders(make):
    """Folders of a run under every alternative of every reading that gives it another one, by reading."""
    base = make(Readings()).folder
    found = {}
    for name, value in ALTERNATIVES:
        folder = make(Readings(**{name: value})).folder
        if folder != base:
            found.setdefault(name, []).append(folder)
    return found


@pytest.mark.parametrize(
    ("weighting", "own"),
    [
        ("GS", {"w_color", "w_depth"}),
        ("UW", {"uw_form", "uw_init", "uw_reset"}),
        ("DWA", {"dwa_temperature"}),
    ],
)
def test_a_run_to_which_every_reading_of_the_training_is_relevant_has_a_folder_for_each(weighting, own):
    def make(readings):
        tasks = ("seg", "color", "depth")
        return make_run("kitti", tasks, weighting, "CoarseCTS", readings=readings, start="cityscapes")

    found = folders(make)
    of_weightings = {"w_color", "w_depth", "uw_form", "uw_init", "uw_reset", "dwa_temperature"}
    assert set(found) == READ - set(AT_EVALUATION) - (of_weightings - own)
    everything = [folder for same in found.values() for folder in same]
    assert len(everything) == len(set(everything)) == sum(name in found for name, _ in ALTERNATIVES)


def test_a_run_does_not_multiply_with_irrelevant_readings():
    def make(readings):
        return make_run("cityscapes", ("seg",), "none", "random", readings=readings)

    assert set(folders(make)) == {"input_norm", "decoder_init", "lr_schedule", "augment", "seg_loss_norm"}


def test_fixed_weights_are_relevant_to_runs_of_their_task_alone():
    def make(readings):
        return make_run("cityscapes", ("seg", "depth"), "GS", "CoarseCTS", readings=readings)

    assert {"w_color", "w_depth"} & set(folders(make)) == {"w_depth"}
    assert make(Readings(w_color=10.0, w_depth=0.1)).weights == {"seg": 1.0, "depth": 0.1}


def test_readings_of_the_pre_training_are_relevant_to_runs_initialized_from_it():
    def make(readings):
        return make_run("cityscapes", ("seg",), "none", "CoarseCTS", readings=readings)

    assert {"disp_scale", "mfb", "coarse_init", "coarse_load"} <= set(folders(make))


def test_a_reading_that_is_no_choice_is_refused():
    with pytest.raises(ValueError, match="disp_scale is one of"):
        Readings(disp_scale="2W")


@pytest.mark.parametrize("name", [name for name, reading in DECLARED.items() if not reading.choices])
def test_a_number_beyond_its_bound_is_refused(name):
    reading = DECLARED[name]
    bound = max(reading.least, reading.above)
    for value in (bound - 1, reading.above, math.inf, math.nan):
        with pytest.raises(ValueError, match=rf"{name} is a (whole )?number (above|from) {bound:g}, not"):
            Readings(**{name: value})
    assert reading.allows(bound) == (bound > reading.above)


def test_different_runs_have_different_folders_which_any_file_system_takes():
    run = make_run("cityscapes", ("seg", "depth"), "UW", "ImageNet")
    rates = [0.05, 0.05000001, 0.05000004, math.nextafter(0.05, 1)]
    schedules = [dataclasses.replace(run.schedule, learning_rate=rate) for rate in rates]
    names = [dataclasses.replace(run, schedule=schedule).folder for schedule in schedules]
    assert names[:2] == [f"{run.folder},learning_rate=0.05", f"{run.folder},learning_rate=0.05000001"]
    assert len(set(names)) == len(rates)

    changes = dict(ALTERNATIVES)
    names = [
        dataclasses.replace(run, readings=Readings(**changes | {"uw_init": value})).folder
        for value in (0.5, 0.6, 0.6000001)
    ]
    assert len(set(names)) == len(names)
    assert {len(part) for name in names for part in name.split("/")[-1:]} == {255}
    assert all(name.startswith(f"{run.folder},augment=flip,") for name in names)
