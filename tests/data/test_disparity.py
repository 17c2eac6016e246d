import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.calibration import read_kitti_calibration
from selfsup_segmentation.data.decode import read_disparity
from selfsup_segmentation.data.disparity import (
    decode_cityscapes,
    decode_kitti,
    depth_from_disparity,
    resize_disparity,
    resize_nearest,
)

INF, NAN = float("inf"), float("nan")
FOCAL, BASELINE = 2262.52, 0.209313  # a Cityscapes camera at 2048 px


@pytest.mark.parametrize(
    ("value", "full", "half", "depth"),
    [
        (0, NAN, NAN, NAN),
        (1, 0, 0, INF),
        (257, 1, 0.5, 473.575),
        (2561, 10, 5, 47.357),
        (12801, 50, 25, 9.4715),
        (32257, 126, 63, 3.7585),
    ],
)
def test_cityscapes_coding(value, full, half, depth):
    disparity = decode_cityscapes(np.full((2, 4), value, np.uint16))
    assert disparity.dtype == np.float32
    np.testing.assert_array_equal(disparity, np.full((2, 4), full))
    halved = resize_disparity(disparity, (1, 2))
    assert halved.dtype == np.float32
    np.testing.assert_array_equal(halved, np.full((1, 2), half))
    metres = depth_from_disparity(disparity, FOCAL, BASELINE)
    np.testing.assert_allclose(metres, np.full((2, 4), depth), rtol=2e-5)
    np.testing.assert_allclose(depth_from_disparity(halved, FOCAL / 2, BASELINE), metres[:1, :2], rtol=1e-6)


def test_kitti_coding():
    disparity = decode_kitti(np.array([0, 1, 256, 65535], np.uint16))
    assert disparity.dtype == np.float32
    np.testing.assert_array_equal(disparity, [NAN, 1 / 256, 1, 65535 / 256])


@pytest.mark.parametrize("decode", [decode_cityscapes, decode_kitti])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32])
def test_other_depths_are_refused(decode, dtype):
    with pytest.raises(ValueError, match=np.dtype(dtype).name):
        decode(np.ones((2, 2), dtype))


def test_behind_infinity_is_infinity():
    depth = depth_from_disparity(np.array([-1.0, -0.0, 0.0, NAN, 2.0]), 10, 0.5)
    np.testing.assert_array_equal(depth, [INF, INF, INF, NAN, 2.5])


def test_nearest_at_one_half_takes_odd_rows_and_columns():
    image = np.arange(48).reshape(6, 8)
    np.testing.assert_array_equal(resize_nearest(image, (3, 4)), image[1::2, 1::2])
    colors = np.stack([image, image + 100], -1)
    np.testing.assert_array_equal(resize_nearest(colors, (3, 4)), colors[1::2, 1::2])


@pytest.mark.parametrize("size", [(187, 621), (188, 620), (100, 300), (375, 1242), (750, 2484), (384, 1248)])
def test_nearest_equals_pillow(size):
    image = np.random.default_rng(0).integers(0, 34, (375, 1242), dtype=np.uint8)
    expected = Image.fromarray(image).resize(size[::-1], Image.Resampling.NEAREST)
    np.testing.assert_array_equal(resize_nearest(image, size), expected)


def test_px_follow_the_width_not_the_height():
    disparity = np.array([[8.0, NAN], [8.0, 4.0]], np.float32)
    np.testing.assert_array_equal(resize_disparity(disparity, (1, 2)), [[8, 4]])
    np.testing.assert_array_equal(resize_disparity(disparity, (2, 4)), [[16, 16, NAN, NAN], [16, 16, 8, 8]])


def test_real_frames_are_at_plausible_distances(kitti_sample):
    camera = read_kitti_calibration(kitti_sample / "calib_cam_to_cam.txt")
    for name in ("000001_10", "000015_10", "000030_10"):
        disparity = decode_kitti(read_disparity(kitti_sample / f"training/disp_noc_0/{name}.png"))
        measured = disparity[np.isfinite(disparity)]
        assert 0.1 < measured.size / disparity.size < 0.5
        assert 1 < np.percentile(measured, 1) < np.percentile(measured, 99) < 0.3 * disparity.shape[1]
        depth = depth_from_disparity(measured, camera.focal, camera.baseline)
        assert depth.min() > 3 and np.median(depth) < 60  # the laser reaches about 80 m
