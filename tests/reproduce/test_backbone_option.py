import json
import re

import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import read_record
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.models.backbones import BACKBONES
from selfsup_segmentation.reproduce.__main__ import main
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.parser import parse
from tests.refused import refused
from tests.reproduce.conftest import train_for_a_moment


@pytest.mark.slow
def test_a_run_on_another_encoder(tmp_path, capsys):
    folder = train_for_a_moment(tmp_path, "SS+C+D/UW", "--backbone", "mobilenetv2")
    assert folder.name == "seed0,backbone=mobilenetv2,epochs=1,size=64x32"
    assert "backbone=mobilenetv2" in capsys.readouterr().out
    assert Run.from_dict(read_record(folder, "run.json")).readings.backbone == "mobilenetv2"
    assert main(["evaluate", str(folder)]) == 0
    headline = json.loads((folder / "metrics.json").read_text())["headline"]
    differences = re.findall(r"difference ([+-][\d.e+-]+)", capsys.readouterr().out)
    assert len(differences) == sum(value is not None for value in headline.values()) > 3
    assert all(abs(float(difference)) < 1e-6 for difference in differences)


def test_a_run_recorded_without_an_encoder_has_resnet18():
    described = catalog.make_run("cityscapes", ("seg",), "none", "random").to_dict()
    del described["readings"]["backbone"]
    assert Run.from_dict(described).readings.backbone == "resnet18"


def test_a_run_is_initialized_from_one_with_its_encoder():
    readings = Readings(backbone="resnet34")
    runs = catalog.table1_runs("cityscapes", readings=readings)
    for run in (*runs, *catalog.table3_runs("kitti", "cityscapes", readings=readings)):
        assert "backbone=resnet34" in run.folder
        source = catalog.dependency(run)
        assert (source is None) == (not run.start and run.init != "CoarseCTS")
        assert source is None or source.readings.backbone == "resnet34"


def test_an_unknown_encoder_is_refused_with_the_known_ones(capsys):
    words = ["train", "--row", "SS"]
    with pytest.raises(SystemExit, match="2"):
        parse([*words, "--backbone", "densenet121"])
    with pytest.raises(InputError) as caught:
        arguments.parse_readings(parse([*words, "--set", "backbone=densenet121"]))
    for sentence in (capsys.readouterr().err, str(caught.value)):
        assert "densenet121" in sentence
        assert all(name in sentence for name in BACKBONES)


def test_an_encoder_needs_its_own_imagenet_file(pristine, tmp_path, capsys):
    wrong = tmp_path / "weights.h5"
    wrong.write_bytes(b"no weights")
    words = ["train", "--cityscapes", pristine, "--runs", tmp_path / "runs", "--row", "SS", "--size", "64x32"]
    words += ["--init", "ImageNet", "--backbone", "resnet34", "--imagenet-weights", wrong]
    file = "resnet34_imagenet_1000_no_top.h5 has 8caaa0ad39d927cb8ba5385bf945d582"
    assert file in refused(capsys, *words)
