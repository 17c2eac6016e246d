"""``history.csv`` of a run that an older version began, which logged fewer columns."""

import keras
import pytest

from selfsup_segmentation.experiments.records.history import read_history, truncate_history

OLD = "epoch,loss,val_sem_miou,weight_seg\n0,1.5,nan,1.0\n1,1.25,0.5,1.0\n2,1.0,nan,1.0\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(OLD)
    return path


@pytest.mark.parametrize("epochs", [2, 3])
def test_rows_of_a_newer_version_fit_below_those_of_an_older_one(path, epochs):
    truncate_history(path, epochs, ["learning_rate"])
    logger = keras.callbacks.CSVLogger(str(path), append=True)
    logger.on_train_begin()
    for epoch in range(epochs, 5):
        logs = {"loss": 0.5, "weight_seg": 2.0, "val_sem_miou": 0.75, "learning_rate": 1e-4}
        logger.on_epoch_end(epoch, logs)
    logger.on_train_end()
    before, after = read_history(path)[:epochs], read_history(path)[epochs:]
    assert [row["loss"] for row in before] == [1.5, 1.25, 1.0][:epochs]
    assert not any("learning_rate" in row for row in before)
    assert all(row == {"epoch": epoch} | logs for epoch, row in enumerate(after, epochs))


def test_a_file_that_has_all_columns_and_rows_stays_as_it_is(path):
    before = path.stat()
    truncate_history(path, 3, ["weight_seg"])
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert path.read_text() == OLD
