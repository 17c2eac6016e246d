import dataclasses
import json

import pytest

from experiments.catalog import coarse_run, make_run
from experiments.readings import CHOICES, Readings
from experiments.run import Run


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


def test_the_folder_names_everything_that_is_not_the_default():
    run = make_run("cityscapes", ("seg", "depth"), "UW", "ImageNet", 2)
    assert run.folder == "cityscapes/SS+D-UW/ImageNet/seed2"
    changed = dataclasses.replace(
        run,
        readings=Readings(recon_mask_oob=True),
        schedule=dataclasses.replace(run.schedule, size=(512, 256)),
    )
    assert changed.folder == "cityscapes/SS+D-UW/ImageNet/seed2,recon_mask_oob=True,size=512x256"


EVALUATION = {"encoder_bn_eval", "depth_metric", "cap_mode"}


def folders(make):
    """Folders of a run under every alternative of every reading, by reading."""
    alternatives = [(name, value) for name, choices in CHOICES.items() for value in choices]
    base = make(Readings()).folder
    found = {}
    for name, value in alternatives:
        folder = make(Readings(**{name: value})).folder
        if folder != base:
            found.setdefault(name, set()).add(folder)
    return found


def test_a_run_that_feels_every_reading_of_the_training_has_a_folder_for_each():
    def make(readings):
        tasks = ("seg", "color", "depth")
        return make_run("kitti", tasks, "UW", "CoarseCTS", readings=readings, start="cityscapes")

    found = folders(make)
    assert set(found) == set(CHOICES) - EVALUATION
    assert all(len(found[name]) == len(CHOICES[name]) - 1 for name in found)
    everything = [folder for same in found.values() for folder in same]
    assert len(everything) == len(set(everything))


def test_a_run_does_not_multiply_with_readings_that_it_does_not_feel():
    def make(readings):
        return make_run("cityscapes", ("seg",), "none", "random", readings=readings)

    assert set(folders(make)) == {"input_norm", "decoder_init", "lr_schedule", "seg_loss_norm"}


def test_a_run_from_the_pre_training_feels_what_the_pre_training_feels():
    def make(readings):
        return make_run("cityscapes", ("seg",), "none", "CoarseCTS", readings=readings)

    assert {"disp_scale", "mfb", "coarse_init", "coarse_load"} <= set(folders(make))


def test_a_reading_that_is_no_choice_is_refused():
    with pytest.raises(ValueError, match="disp_scale is one of"):
        Readings(disp_scale="2W")
