import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import TRAIN_ID_TO_ID
from selfsup_segmentation.experiments.evaluation.official import official_scores
from selfsup_segmentation.experiments.execute import execute
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.finished.submission import (
    predict_label_ids,
    write_label_ids,
    zip_submission,
)
from selfsup_segmentation.experiments.records.store import Store
from tests.experiments.conftest import tiny_run
from tests.synthetic import QUIET


@pytest.fixture(scope="module")
def predicted(library, tmp_path_factory):
    """Metrics of a finished run, and its predictions on val as files."""
    store, run = Store(tmp_path_factory.mktemp("runs")), tiny_run(("seg",))
    metrics = execute(run, store, library, QUIET)
    predictions = predict_label_ids(FinishedRun.open(store.folder(run)), library, "val")
    return metrics, write_label_ids(predictions, tmp_path_factory.mktemp("predictions"))


def test_official_scores_of_the_files_equal_the_recorded_evaluation(predicted, scenes):
    metrics, folder = predicted
    official = official_scores(scenes.root, folder)
    seg = metrics.evaluations["per_input"]["seg"].native
    assert official["averageScoreClasses"] == pytest.approx(seg.miou, abs=1e-9)
    for name, iou in seg.per_class.items():
        assert iou == pytest.approx(official["classScores"][name], abs=1e-9, nan_ok=True)
    assert 0 <= official["averageScoreCategories"] <= 1
    assert official["averageScoreInstClasses"] >= 0


def test_files_hold_label_ids_of_native_size(predicted):
    evaluated = set(map(int, TRAIN_ID_TO_ID[:19]))
    for path in predicted[1].iterdir():
        with Image.open(path) as image:
            assert image.size == (128, 64)
            assert set(map(int, np.unique(image))) <= evaluated


def test_a_submission_has_every_frame_once(predicted, scenes, tmp_path):
    frames = scenes.frames("val")
    zip_submission(predicted[1], frames, tmp_path / "submission.zip")
    with zipfile.ZipFile(tmp_path / "submission.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(f"{frame.name}_pred.png" for frame in frames)
        archive.extractall(tmp_path / "unpacked")
    unpacked = official_scores(scenes.root, tmp_path / "unpacked", instances=False)
    assert (
        unpacked["averageScoreClasses"] == official_scores(scenes.root, predicted[1])["averageScoreClasses"]
    )


@pytest.mark.parametrize("damage", ["missing", "extra", "size"])
def test_a_submission_that_the_server_would_refuse_is_not_written(predicted, scenes, tmp_path, damage):
    folder = shutil.copytree(predicted[1], tmp_path / "predictions")
    first = min(folder.iterdir())
    if damage == "missing":
        first.unlink()
    elif damage == "extra":
        shutil.copy(first, folder / "another_000000_000000_pred.png")
    else:
        Image.fromarray(np.zeros((32, 64), np.uint8)).save(first)
    with pytest.raises(InputError, match="another" if damage == "extra" else first.name):
        zip_submission(folder, scenes.frames("val"), tmp_path / "submission.zip")
    assert not (tmp_path / "submission.zip").exists()
