import numpy as np
import pytest

from selfsup_segmentation.data.decode import read_labels
from selfsup_segmentation.data.labels import (
    CLASS_NAMES,
    ID_TO_TRAIN_ID,
    IGNORE,
    KNOWN_IDS,
    NUM_CLASSES,
    PALETTE,
    colorize,
    ids_to_train_ids,
    train_ids_to_ids,
)

EVALUATED_IDS = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]  # by trainId


def test_nineteen_classes_in_the_order_of_the_benchmark():
    assert (NUM_CLASSES, IGNORE) == (19, 255)
    assert CLASS_NAMES[:3] == ("road", "sidewalk", "building")
    assert CLASS_NAMES[13] == "car" and CLASS_NAMES[18] == "bicycle"
    assert len(CLASS_NAMES) == 19


def test_files_may_hold_0_to_33_and_licence_plate():
    assert frozenset({*range(34), 255}) == KNOWN_IDS


def test_every_uint8_value_has_a_train_id():
    expected = np.full(256, 255)
    expected[EVALUATED_IDS] = np.arange(19)
    train_ids = ids_to_train_ids(np.arange(256, dtype=np.uint8))
    assert train_ids.dtype == np.uint8
    assert np.array_equal(train_ids, expected)


def test_there_and_back():
    train_ids = np.append(np.arange(19, dtype=np.uint8), np.uint8(255))
    ids = train_ids_to_ids(train_ids)
    assert ids.dtype == np.uint8
    assert ids.tolist() == [*EVALUATED_IDS, 0]
    assert np.array_equal(ids_to_train_ids(ids), train_ids)


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 3, 4, 1)])
def test_any_shape(shape):
    ids = np.full(shape, 26, np.uint8)
    assert ids_to_train_ids(ids).shape == shape
    assert train_ids_to_ids(ids).shape == shape
    assert colorize(ids).shape == (*shape, 3)


def test_wider_integers_are_looked_up_not_wrapped():
    assert ids_to_train_ids(np.array([-1, 7, 255, 256 + 7, 10**9])).tolist() == [255, 0, 255, 255, 255]
    assert train_ids_to_ids(np.array([-1, 0, 256])).tolist() == [0, 7, 0]


@pytest.mark.parametrize("function", [ids_to_train_ids, train_ids_to_ids, colorize])
def test_floats_are_refused(function):
    with pytest.raises(ValueError, match="float32"):
        function(np.zeros((2, 2), np.float32))


def test_colors_of_the_benchmark():
    colors = colorize(np.array([[0, 13], [18, 255]], np.uint8))
    assert colors.dtype == np.uint8
    assert colors.tolist() == [[[128, 64, 128], [0, 0, 142]], [[119, 11, 32], [0, 0, 0]]]


def test_tables_cannot_be_changed_by_accident():
    for table in (ID_TO_TRAIN_ID, PALETTE):
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 1


def test_all_classes_occur_in_real_frames(kitti_sample):
    files = (kitti_sample / "training/semantic").iterdir()
    seen = set().union(*(np.unique(read_labels(path)).tolist() for path in files))
    assert set(EVALUATED_IDS) <= seen <= KNOWN_IDS
