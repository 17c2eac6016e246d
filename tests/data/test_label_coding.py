"""Labels in another coding, whose values are valid label ids too."""

import shutil

import numpy as np
import pytest
from cityscapesscripts.helpers.labels import id2label
from PIL import Image

from selfsup_segmentation.data.labels import ids_to_train_ids, lack_road, other_coding
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.data.verify import verify
from tests.data import pixels
from tests.refused import refused

CATEGORY = np.zeros(256, np.uint8)
for _id in range(34):
    CATEGORY[_id] = id2label[_id].categoryId
CODINGS = {"trainIds": ids_to_train_ids, "category ids": lambda ids: CATEGORY[ids]}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    write_cityscapes(root, {"train": 8, "val": 2}, size=(128, 64), seed=2, processes=1)
    return root


@pytest.fixture
def scenes(original, tmp_path):
    return shutil.copytree(original, tmp_path / "scenes")


def labels(root):
    return sorted(root.rglob("*_labelIds.png"))


def convert(paths, function):
    for path in paths:
        Image.fromarray(function(pixels(path)).astype(np.uint8)).save(path)


def test_label_ids_are_taken_as_such(original):
    assert {other_coding(pixels(path)) for path in labels(original)} == {None}
    for values in (0, 7, 24, 255):
        assert other_coding(np.full((4, 4), values, np.uint8)) is None  # void, road, a person, a plate alone


def test_real_label_ids_are_and_their_conversions_are_not(kitti_sample):
    images = [pixels(path) for path in kitti_sample.glob("training/semantic/*.png")]
    assert {other_coding(ids) for ids in images} == {None}
    for coding, function in CODINGS.items():
        found = [other_coding(function(ids)) for ids in images]
        # A frame full of vehicles, whose category has the id of road, may be either.
        assert set(found) <= {coding, None} and found.count(coding) > 0.7 * len(images)


@pytest.mark.parametrize("coding", CODINGS)
def test_converted_labels_are_named_by_verify_and_refused_by_training(coding, scenes, tmp_path, capsys):
    convert(labels(scenes), CODINGS[coding])
    report = verify(CITYSCAPES, scenes, processes=1)
    assert {problem.kind for problem in report.problems if problem.part == "labels"} == {"label ids"}
    assert any(f"holds {coding}" in problem.text for problem in report.problems)
    words = ("--runs", tmp_path / "runs", "--row", "SS", "--epochs", 1, "--size", "64x32")
    sentence = refused(capsys, "train", "--cityscapes", scenes, *words)
    assert f"holds {coding}, not label ids: unpack the original labels" in sentence


def test_a_set_without_road_is_in_another_coding(scenes, tmp_path, capsys):
    """Ids that are shifted by one: each image could be right, all of them cannot."""
    convert(labels(scenes), lambda ids: np.where(ids == 7, 8, ids))
    problems = verify(CITYSCAPES, scenes, processes=1).problems
    (named,) = [problem.text for problem in problems if problem.kind == "label ids"]
    assert "show no road" in named  # of the eight for training; two for validation would be no evidence
    words = ("--runs", tmp_path / "runs", "--row", "SS", "--epochs", 1, "--size", "64x32")
    assert "show no road" in refused(capsys, "train", "--cityscapes", scenes, *words)


def test_few_images_without_road_are_no_evidence():
    none, some = np.full((2, 2), 255, np.uint8), np.full((2, 2), 3, np.uint8)
    assert not lack_road([some] * 7) and not lack_road([none] * 8) and not lack_road([])
    assert lack_road([some, *[none] * 7]) and not lack_road([*[some] * 8, np.zeros((2, 2), np.uint8)])
