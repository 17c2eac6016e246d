from pathlib import Path

import numpy as np
import pytest
import skimage.data
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab

from selfsup_segmentation.data.decode import read_disparity, read_rgb
from selfsup_segmentation.data.disparity import decode_kitti
from selfsup_segmentation.losses import disparity_from_logits, reconstruction_loss, warp_right_to_left
from tests.losses import value_and_gradient

ROW = [10, 20, 30, 40, 50]


def image(row):
    """One row as ``[1, 1, W, 1]``."""
    return np.asarray(row, np.float32).reshape(1, 1, -1, 1)


def field(disparity, like):
    """One disparity, or one for each column, as ``[B, H, W, 1]``."""
    return np.broadcast_to(np.float32(disparity).reshape(1, 1, -1, 1), (*like.shape[:3], 1)).copy()


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


# --- Eq. 2: the warp --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("border", "disparity", "expected"),
    [
        ("edge", 0, [10, 20, 30, 40, 50]),
        ("edge", 1, [10, 10, 20, 30, 40]),
        ("edge", 1.5, [10, 10, 15, 25, 35]),
        ("edge", (0, 0.5, 1, 2, 2.5), [10, 15, 20, 20, 25]),
        ("edge", -1, [20, 30, 40, 50, 50]),
        ("edge", 100, [10, 10, 10, 10, 10]),
        ("zero", 0, [10, 20, 30, 40, 50]),
        ("zero", 1, [0, 10, 20, 30, 40]),
        ("zero", 1.5, [0, 5, 15, 25, 35]),
        ("zero", (0, 0.5, 1, 2, 2.5), [10, 15, 20, 20, 25]),
        ("zero", 100, [0, 0, 0, 0, 0]),
        ("zero", -100, [0, 0, 0, 0, 0]),
    ],
)
def test_warp_of_one_row(border, disparity, expected):
    right = image(ROW)
    assert warp_right_to_left(right, field(disparity, right), border).numpy().ravel().tolist() == expected


@pytest.mark.parametrize("shift", [0, 1, 3, 7])
def test_whole_pixels_are_moved_exactly(shift):
    right = noise(2, 5, 16, 3)
    left = warp_right_to_left(right, field(shift, right)).numpy()
    assert np.array_equal(left[:, :, shift:], right[:, :, : 16 - shift])
    assert np.array_equal(left[:, :, :shift], np.repeat(right[:, :, :1], shift, axis=2))


@settings(deadline=None, max_examples=40)
@given(
    row=arrays(np.float32, st.integers(2, 12), elements={"min_value": -100, "max_value": 100}),
    disparity=st.floats(-15, 15, width=32),
    border=st.sampled_from(["edge", "zero"]),
)
def test_one_disparity_equals_interpolation_by_numpy(row, disparity, border):
    right, x = image(row), np.arange(len(row))
    left = warp_right_to_left(right, field(disparity, right), border).numpy().ravel()
    if border == "edge":
        expected = np.interp(x - disparity, x, row)
    else:
        expected = np.interp(x - disparity, np.arange(-1, len(row) + 1), np.pad(row, 1))
    np.testing.assert_allclose(left, expected, atol=1e-3)


def test_each_pixel_is_moved_by_its_own_disparity():
    right, disparity = noise(2, 4, 20, 3), 12 * noise(2, 4, 20, 1, seed=1) - 3
    left = warp_right_to_left(right, disparity).numpy()
    for b, y, c in np.ndindex(2, 4, 3):
        expected = np.interp(np.arange(20) - disparity[b, y, :, 0], np.arange(20), right[b, y, :, c])
        np.testing.assert_allclose(left[b, y, :, c], expected, atol=1e-5)


def test_an_image_of_one_column_is_its_own_warp():
    right = noise(1, 3, 1, 2)
    assert np.array_equal(warp_right_to_left(right, field(2.5, right)), right)


@pytest.mark.parametrize("border", ["edge", "zero"])
def test_gradient_of_the_warp_equals_finite_differences(border):
    right = tf.constant(noise(1, 2, 8, 2))
    disparity = tf.constant(np.float32([0.3, 1.4, 0.6, 2.3, 1.7, 0.2, 3.5, 0.8] * 2).reshape(1, 2, 8, 1))

    def warp(right, disparity):
        return warp_right_to_left(right, disparity, border)

    exact, numeric = tf.test.compute_gradient(warp, [right, disparity], delta=0.05)
    for one, other in zip(exact, numeric, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)
    assert all(np.abs(gradient).max() > 0.1 for gradient in exact)


def test_is_the_same_in_a_graph_of_unknown_sizes():
    right, disparity = noise(2, 4, 20, 3), 8 * noise(2, 4, 20, 1, seed=1)
    specs = [tf.TensorSpec([None, None, None, 3]), tf.TensorSpec([None, None, None, 1])]
    for border in ("edge", "zero"):
        compiled = tf.function(
            lambda a, b, border=border: warp_right_to_left(a, b, border), input_signature=specs
        )
        np.testing.assert_allclose(
            compiled(right, disparity), warp_right_to_left(right, disparity, border), atol=1e-6
        )


# --- Eq. 3: the error -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("disparity", "expected"), [(1, 0), (0, 80), (-1, 280)])
def test_only_the_true_shift_costs_nothing(disparity, expected):
    left, right = image([10, 10, 20, 30, 40]), image(ROW)
    assert float(reconstruction_loss(left, right, field(disparity, right))) == expected


@pytest.mark.parametrize(
    ("disparity", "loss", "slope"), [(0.25, 56.25, -150), (0.5, 25, -100), (1.5, 25, 100), (1.75, 56.25, 150)]
)
def test_gradient_leads_to_the_true_shift(disparity, loss, slope):
    """A ramp of 10 a pixel that is shifted by 1: inside the image the loss is 100 (d - 1)²."""
    left, right = image(10 * np.arange(16)), image(10 * np.arange(16) + 10)
    inside = np.zeros((1, 1, 16), np.float32)
    inside[..., 3:-3] = 1
    value, gradient = value_and_gradient(
        lambda d: reconstruction_loss(left, right, tf.fill((1, 1, 16, 1), d), mask=inside), disparity
    )
    assert (value, float(gradient)) == pytest.approx((loss, slope), rel=1e-5)


def test_equals_the_mean_over_pixels_and_channels():
    left, right, disparity = noise(2, 4, 9, 3), noise(2, 4, 9, 3, seed=1), 3 * noise(2, 4, 9, 1, seed=2)
    error = np.square(left - warp_right_to_left(right, disparity))
    loss = reconstruction_loss(left, right, disparity)
    assert loss.dtype == tf.float32 and loss.shape == ()
    assert float(loss) == pytest.approx(error.mean(), rel=1e-5)
    summed = reconstruction_loss(left, right, disparity, reduce="sum")
    assert float(summed) == pytest.approx(3 * error.mean(), rel=1e-5)


def test_padding_counts_neither_above_nor_below_the_line():
    left, right, disparity = noise(2, 6, 9, 3), noise(2, 6, 9, 3, seed=1), noise(2, 6, 9, 1, seed=2)
    mask = np.ones((2, 6, 9), np.float32)
    mask[:, 4:] = 0
    loss, gradient = value_and_gradient(lambda d: reconstruction_loss(left, right, d, mask=mask), disparity)
    gradient, cut = gradient[..., 0], reconstruction_loss(left[:, :4], right[:, :4], disparity[:, :4])
    assert loss == pytest.approx(float(cut), rel=1e-5)
    assert (gradient[mask == 0] == 0).all()
    assert np.count_nonzero(gradient[mask == 1]) > 0.8 * mask.sum()  # the first columns look outside


def test_pixels_that_look_outside_can_be_left_out():
    left, right = image([0, 0, 0, 10, 20]), image([10, 20, 30, 40, 50])
    assert float(reconstruction_loss(left, right, field(3, right))) == (3 * 10**2) / 5
    assert float(reconstruction_loss(left, right, field(3, right), mask_outside=True)) == 0
    assert float(reconstruction_loss(left, right, field(-4, right), mask_outside=True)) == 50**2
    mask = np.float32([[[1, 1, 1, 0, 1]]])
    masked = reconstruction_loss(left, right, field(2, right), mask, mask_outside=True)
    assert float(masked) == (10**2 + 10**2) / 2


@pytest.mark.parametrize("options", [{"mask": np.zeros((1, 1, 5), np.float32)}, {"mask_outside": True}])
def test_when_nothing_counts_the_loss_is_0_and_so_is_its_gradient(options):
    right = image(ROW)
    loss, gradient = value_and_gradient(
        lambda disparity: reconstruction_loss(2 * right, right, disparity, **options), field(9, right)
    )
    assert loss == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_short_numbers_give_a_long_loss(dtype):
    left, right = tf.ones((1, 64, 64, 3), dtype), tf.zeros((1, 64, 64, 3), dtype)
    loss = reconstruction_loss(left, right, tf.zeros((1, 64, 64, 1), dtype), mask_outside=True)
    assert loss.dtype == tf.float32
    assert float(loss) == 1
    disparity = disparity_from_logits(tf.zeros((1, 1, 1024, 1), dtype))
    assert disparity.dtype == tf.float32
    assert disparity.numpy().max() == pytest.approx(153.6)


# --- from the network's output to px ----------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "largest"), [("0.3W", 307.2), ("W", 1024), ("50px", 50)])
def test_sigmoid_is_scaled_to_px(scale, largest):
    logits = np.zeros((1, 1, 1024, 1), np.float32)
    logits[..., :3, 0] = -100, 0, 100
    disparity = disparity_from_logits(logits, scale).numpy().ravel()
    np.testing.assert_allclose(disparity[:3], [0, largest / 2, largest], atol=1e-4)
    half = disparity_from_logits(logits[:, :, :512], scale).numpy().ravel()
    np.testing.assert_allclose(half, disparity[:512] / 2, rtol=1e-6)


def test_an_unknown_scale_is_refused():
    with pytest.raises(KeyError):
        disparity_from_logits(tf.zeros((1, 1, 8, 1)), "px")


# --- real pairs -------------------------------------------------------------------------------------------


def lab01(rgb):
    return ((rgb2lab(rgb) + np.array([0, 128, 128])) / np.array([100, 255, 255])).astype(np.float32)


SPACES = {
    "rgb01": lambda rgb: (rgb / 255).astype(np.float32),
    "lab01": lab01,
    "lab_raw": lambda rgb: rgb2lab(rgb).astype(np.float32),
}


@pytest.fixture(scope="module")
def motorcycle():
    """Middlebury's motorcycle, an indoor pair with measured disparity that comes with scikit-image."""
    if not (Path(skimage.data.__file__).parent / "motorcycle_left.png").exists():
        pytest.skip("this scikit-image would have to download the motorcycle pair")
    return skimage.data.stereo_motorcycle()


@pytest.mark.parametrize(
    ("space", "right_way", "no_warp", "wrong_way"),
    [
        ("rgb01", 0.00573, 0.05287, 0.06929),
        ("lab01", 0.00211, 0.01912, 0.02482),
        ("lab_raw", 31.53, 307.9, 396.6),
    ],
)
def test_errors_on_the_motorcycle_pair(motorcycle, space, right_way, no_warp, wrong_way):
    left, right, disparity = motorcycle
    measured = np.isfinite(disparity)[None]
    disparity = np.nan_to_num(disparity, posinf=0)[None, ..., None]
    left, right = SPACES[space](left)[None], SPACES[space](right)[None]
    for sign, expected in ((1, right_way), (0, no_warp), (-1, wrong_way)):
        loss = reconstruction_loss(left, right, sign * disparity, mask=measured, mask_outside=True)
        assert float(loss) == pytest.approx(expected, rel=2e-3)


def test_measured_disparity_explains_real_street_scenes(kitti_sample):
    files = sorted((kitti_sample / "training" / "disp_noc_0").glob("*.png"))[::4]
    assert len(files) >= 7
    for file in files:
        disparity = decode_kitti(read_disparity(file))
        left, right = (
            SPACES["rgb01"](read_rgb(kitti_sample / "training" / folder / file.name))[None]
            for folder in ("image_2", "image_3")
        )
        measured = np.isfinite(disparity)[None]
        disparity = np.nan_to_num(disparity)[None, ..., None]
        right_way, no_warp, wrong_way = (
            float(reconstruction_loss(left, right, sign * disparity, mask=measured, mask_outside=True))
            for sign in (1, 0, -1)
        )
        assert right_way < 0.5 * min(no_warp, wrong_way), file.name


@pytest.mark.parametrize("border", ["edge", "zero"])
def test_a_disparity_that_is_no_number_shows_in_the_loss_and_does_not_crash(border):
    right = noise(1, 2, 6, 3)
    disparity = field(1.0, right)
    disparity[0, 0, 3, 0] = np.nan
    warped = warp_right_to_left(right, disparity, border).numpy()
    assert np.isnan(warped[0, 0, 3]).all()
    assert np.isfinite(np.delete(warped, 3, axis=2)).all()
    assert np.isnan(float(reconstruction_loss(right, right, disparity, border=border)))
