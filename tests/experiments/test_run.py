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


def test_runs_with_different_readings_never_share_a_folder():
    base = make_run("cityscapes", ("seg", "color", "depth"), "UW", "CoarseCTS")
    folders = {base.folder}
    for name, choices in CHOICES.items():
        for value in choices:
            folders.add(dataclasses.replace(base, readings=Readings(**{name: value})).folder)
    assert len(folders) == 1 + sum(len(choices) - 1 for choices in CHOICES.values())


def test_a_reading_that_is_no_choice_is_refused():
    with pytest.raises(ValueError, match="disp_scale is one of"):
        Readings(disp_scale="2W")
