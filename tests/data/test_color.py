import itertools

import numpy as np
import pytest
import tensorflow as tf
from skimage.color import lab2rgb, rgb2lab

from selfsup_segmentation.data.color import (
    ColorBins,
    ColorStatistics,
    color_statistics,
    lab_to_rgb,
    median_frequency_weights,
    rgb_to_lab,
)

BYTES = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
FLOATS = np.random.default_rng(1).random((2, 40, 50, 3), dtype=np.float32)

# What scikit-image 0.26 returns for these uint8 colors.
LAB_OF_RGB = {
    (0, 0, 0): (0, 0, 0),
    (255, 255, 255): (100.0, -0.0025, 0.0047),
    (255, 0, 0): (53.2406, 80.0923, 67.2028),
    (0, 255, 0): (87.7351, -86.1830, 83.1797),
    (0, 0, 255): (32.2957, 79.1856, -107.8573),
    (255, 255, 0): (97.1395, -21.5547, 94.4781),
    (0, 255, 255): (91.1133, -48.0906, -14.1263),
    (255, 0, 255): (60.3235, 98.2331, -60.8210),
    (128, 128, 128): (53.5850, -0.0015, 0.0028),
    (10, 10, 10): (2.7417, -0.0002, 0.0003),
    (1, 2, 3): (0.5098, -0.1225, -0.4705),
    (50, 100, 150): (41.2054, -0.1736, -32.3187),
}

MEAN_AB, STD_AB = (-2, 4), (3, 5)
CLASS_OF_AB = {
    (-2, 4): 21,
    (-100, -100): 0,
    (100, 100): 35,
    (4, 14): 35,  # the upper edge belongs to the last bin
    (-6, -6): 6,  # a lower edge belongs to the bin above it
    (-6.0001, -6): 0,
    (3.9999, 13.9999): 35,
    (0, 0): 25,
}


def in_tf_data(function, array):
    """Apply a function inside ``Dataset.map`` to the images of a batch."""
    images = tf.data.Dataset.from_tensor_slices(array).map(function)
    return np.stack([image.numpy() for image in images])


# --- Lab --------------------------------------------------------------------------------------------------


def test_lab_of_known_colors():
    lab = rgb_to_lab(np.uint8([list(LAB_OF_RGB)]))
    assert lab.dtype == tf.float32
    np.testing.assert_allclose(lab[0], list(LAB_OF_RGB.values()), atol=1e-3)


@pytest.mark.parametrize("rgb", [BYTES, FLOATS, FLOATS / 25], ids=["uint8", "float", "dark float"])
@pytest.mark.parametrize(
    "convert", [rgb_to_lab, lambda rgb: in_tf_data(rgb_to_lab, rgb)], ids=["eager", "tf.data"]
)
def test_lab_equals_scikit_image(convert, rgb):
    np.testing.assert_allclose(convert(rgb), rgb2lab(rgb), atol=1e-3)


def test_lab_of_bytes_equals_lab_of_floats():
    np.testing.assert_allclose(rgb_to_lab(BYTES), rgb_to_lab(BYTES / 255.0), atol=1e-4)


def test_lab_covers_the_documented_range_over_the_corners_of_the_cube():
    corners = np.uint8(list(itertools.product((0, 255), repeat=3)))
    lab = rgb_to_lab(corners).numpy()
    np.testing.assert_allclose(lab.min(axis=0), [0, -86.183, -107.857], atol=1e-3)
    np.testing.assert_allclose(lab.max(axis=0), [100, 98.233, 94.478], atol=1e-3)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (1, 2, 3, 4, 3)])
def test_any_leading_shape(shape):
    rgb = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert rgb_to_lab(rgb).shape == shape
    assert lab_to_rgb(rgb_to_lab(rgb)).shape == shape


def test_shapes_stay_known_inside_tf_data():
    images = tf.data.Dataset.from_tensor_slices(BYTES).map(rgb_to_lab)
    assert images.element_spec == tf.TensorSpec((40, 50, 3), tf.float32)


def test_rgb_comes_back_from_lab():
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(BYTES)), BYTES / 255, atol=1e-4)
    np.testing.assert_allclose(in_tf_data(lambda rgb: lab_to_rgb(rgb_to_lab(rgb)), FLOATS), FLOATS, atol=1e-4)


def test_colors_outside_the_gamut_are_clipped_as_scikit_image_does():
    lab = np.random.default_rng(0).uniform([0, -128, -128], [100, 127, 127], (1000, 3)).astype(np.float32)
    rgb = lab_to_rgb(lab).numpy()
    assert rgb.min() >= 0 and rgb.max() <= 1
    with pytest.warns(UserWarning, match="negative Z"):
        expected = lab2rgb(lab)
    inside = expected.min(axis=1) > 0
    np.testing.assert_allclose(rgb[inside], expected[inside], atol=1e-3)


# --- bins -------------------------------------------------------------------------------------------------


def test_classes_of_known_colors():
    lab = [(50, *ab) for ab in CLASS_OF_AB]
    classes = ColorBins(MEAN_AB, STD_AB).encode(np.float32(lab))
    assert classes.dtype == tf.int32
    assert classes.numpy().tolist() == list(CLASS_OF_AB.values())


def test_lightness_does_not_change_the_class():
    bins = ColorBins(MEAN_AB, STD_AB)
    classes = {int(bins.encode(np.float32([lightness, 0, 0]))) for lightness in (0, 50, 100)}
    assert classes == {25}


def test_centers_are_in_the_order_of_the_classes():
    a, b = (-7, -5, -3, -1, 1, 3), (-13 / 3, -1, 7 / 3, 17 / 3, 9, 37 / 3)
    centers = ColorBins(MEAN_AB, STD_AB).centers
    assert centers.shape == (36, 2) and centers.dtype == np.float32
    np.testing.assert_allclose(centers, list(itertools.product(a, b)), rtol=1e-6)


def test_every_center_lies_in_its_own_class():
    bins = ColorBins((-1.37, 5.9), (4.21, 9.83))
    lab = np.concatenate([np.full((36, 1), 50, np.float32), bins.centers], axis=1)
    assert bins.encode(lab).numpy().tolist() == list(range(36))


def test_classes_are_the_same_inside_tf_data():
    bins = ColorBins(MEAN_AB, STD_AB)
    inside = in_tf_data(lambda rgb: bins.encode(rgb_to_lab(rgb)), BYTES)
    assert np.array_equal(inside, bins.encode(rgb_to_lab(BYTES)))
    assert set(np.unique(inside)) <= set(range(36))


def test_bins_survive_json_exactly(tmp_path):
    bins = ColorBins((-2.1234567890123, 1 / 3), (np.float32(3.3), 5))
    bins.to_json(tmp_path / "bins.json")
    again = ColorBins.from_json(tmp_path / "bins.json")
    assert again.mean_ab.tolist() == bins.mean_ab.tolist()
    assert again.std_ab.tolist() == bins.std_ab.tolist()


@pytest.mark.parametrize("std", [(0, 1), (1, -1), (np.nan, 1), (np.inf, 1)])
def test_bins_without_a_width_are_refused(std):
    with pytest.raises(ValueError, match="positive deviations"):
        ColorBins((0, 0), std)


# --- class weights ----------------------------------------------------------------------------------------

COUNTS = [[6, 4, 0, 0], [9, 0, 1, 0]]


def test_weights_of_a_worked_example():
    weights = median_frequency_weights(COUNTS)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, [0.4 / 0.75, 1, 4, 0], rtol=1e-6)


def test_weights_of_the_same_example_over_all_images():
    np.testing.assert_allclose(median_frequency_weights(COUNTS, "global"), [0.2 / 0.75, 1, 4, 0], rtol=1e-6)


def test_an_absent_class_changes_no_other_weight():
    without = [row[:3] for row in COUNTS]
    assert np.array_equal(median_frequency_weights(COUNTS)[:3], median_frequency_weights(without))


def test_an_unknown_definition_is_refused():
    with pytest.raises(ValueError, match="per_image_presence or global"):
        median_frequency_weights(COUNTS, "other")


def test_weights_of_gaussian_colors():
    """Independent Gaussian a and b: bins of 2/3 σ, the outer ones with the tails beyond 2σ."""
    bin_mass = np.array([0.0912, 0.1613, 0.2475, 0.2475, 0.1613, 0.0912])
    a, b = np.random.default_rng(0).normal(MEAN_AB, STD_AB, (400_000, 2)).T
    lab = np.stack([np.full_like(a, 50), a, b], axis=-1)
    counts = np.bincount(ColorBins(MEAN_AB, STD_AB).encode(lab), minlength=36)
    np.testing.assert_allclose(counts.reshape(6, 6).sum(axis=1) / counts.sum(), bin_mass, atol=2e-3)
    np.testing.assert_allclose(counts.reshape(6, 6).sum(axis=0) / counts.sum(), bin_mass, atol=2e-3)

    weights = median_frequency_weights([counts])
    assert weights.min() == pytest.approx(0.3685, rel=0.02)
    assert weights.max() == pytest.approx(2.7136, rel=0.03)
    assert (weights * counts).sum() / counts.sum() == pytest.approx(0.8127, rel=0.01)


# --- statistics -------------------------------------------------------------------------------------------


def street_images():
    """Images of different sizes whose colors differ."""
    rng = np.random.default_rng(0)
    shapes, tints = [(20, 30), (16, 8), (9, 11)], [(1, 0.9, 0.7), (0.5, 0.6, 0.9), (0.2, 0.5, 0.3)]
    return [
        (rng.integers(0, 256, (*shape, 3)) * tint).astype(np.uint8)
        for shape, tint in zip(shapes, tints, strict=True)
    ]


def test_streamed_statistics_equal_those_of_all_pixels_at_once():
    images = street_images()
    statistics = color_statistics(images)
    pixels = np.concatenate([rgb2lab(image).reshape(-1, 3) for image in images])
    np.testing.assert_allclose(statistics.mean, pixels.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(statistics.std, pixels.std(axis=0), atol=1e-3)

    counts = np.array(statistics.counts)
    assert counts.sum(axis=1).tolist() == [20 * 30, 16 * 8, 9 * 11]
    low, width = pixels.mean(axis=0)[1:] - 2 * pixels.std(axis=0)[1:], 4 * pixels.std(axis=0)[1:] / 6
    index = np.clip((pixels[:, 1:] - low) // width, 0, 5).astype(int)
    expected = np.bincount(6 * index[:, 0] + index[:, 1], minlength=36)
    assert np.abs(counts.sum(axis=0) - expected).sum() <= 4  # a pixel or two on an edge may fall either way
    np.testing.assert_allclose(
        statistics.class_weights("global"), median_frequency_weights(counts, "global"), rtol=1e-6
    )


def test_statistics_do_not_depend_on_how_pixels_are_cut_into_images():
    image = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    full, halves = color_statistics([image]), color_statistics([image[:12], image[12:]])
    np.testing.assert_allclose(full.mean, halves.mean, rtol=1e-9)
    np.testing.assert_allclose(full.std, halves.std, rtol=1e-9)
    assert np.array_equal(np.sum(full.counts, axis=0), np.sum(halves.counts, axis=0))


def test_statistics_survive_json_exactly():
    statistics = color_statistics(street_images())
    again = ColorStatistics.from_json(statistics.to_json())
    assert again == statistics
    assert hash(again) == hash(statistics)


def test_statistics_of_nothing_or_of_one_color_are_refused():
    with pytest.raises(ValueError, match="at least one image"):
        color_statistics([])
    with pytest.raises(ValueError, match="positive deviations"):
        color_statistics([np.zeros((4, 4, 3), np.uint8)])
