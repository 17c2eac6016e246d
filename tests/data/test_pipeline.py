from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage.color import rgb2lab

from selfsup_segmentation.data.cache import FrameCache
from selfsup_segmentation.data.color import ColorBins, ColorStatistics, color_statistics, rgb_to_lab
from selfsup_segmentation.data.decode import read_labels, read_rgb
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.kitti import KITTI
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids
from selfsup_segmentation.data.pipeline import (
    Preparation,
    inside,
    lab_to_unit,
    ordered_batches,
    training_batches,
)
from selfsup_segmentation.experiments.tasks import named
from selfsup_segmentation.losses import reconstruction_loss

LAB_OFFSET = np.array([0, 128, 128])
ALL = ("seg", "color", "depth")
STATISTICS = ColorStatistics((50.0, -2.0, 4.0), (25.0, 3.0, 5.0), ((1,) * 36,))


def write_frames(folder, count, width=32, height=32):
    """Frames of noise; the first pixel of the left image is the frame's index."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(count)
    frames = []
    for index in range(count):
        files = {part: folder / f"{index}.{part}.png" for part in ("left", "right", "labels")}
        left, right = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
        left[0, 0] = index
        Image.fromarray(left).save(files["left"])
        Image.fromarray(right).save(files["right"])
        Image.fromarray(rng.integers(0, 34, (height, width), dtype=np.uint8)).save(files["labels"])
        frames.append(Frame(str(index), **files))
    return frames


def built(frames, size=(32, 32), **options):
    cache = FrameCache(frames, size, **options)
    cache.build()
    return cache


@pytest.fixture(scope="module")
def seven(tmp_path_factory):
    """Seven frames in memory."""
    return built(write_frames(tmp_path_factory.mktemp("seven"), 7))


def prepare(tasks=ALL, statistics=STATISTICS, **options):
    return Preparation(named(tasks), statistics, **options)


def prepared(images, tasks=ALL, **options):
    """A batch of uint8 images, prepared."""
    sizes = tf.tile([[images["left"].shape[2], images["left"].shape[1]]], [len(images["left"]), 1])
    batch = prepare(tasks, **options)(images | {"valid_size": sizes})
    return {name: np.asarray(value) for name, value in batch.items()}


def stereo_batch(seed=0):
    rng = np.random.default_rng(seed)
    images = {part: rng.integers(0, 256, (2, 8, 12, 3), dtype=np.uint8) for part in ("left", "right")}
    return images | {"labels": rng.integers(0, 19, (2, 8, 12), dtype=np.uint8)}


def order(dataset):
    """Frame indices of every batch."""
    return [np.round(batch["left"][:, 0, 0, 0].numpy() * 255).astype(int).tolist() for batch in dataset]


def training_order(cache, seed=0, epochs=3, start_step=0, batch_size=2):
    preparation = prepare(("depth",), recon_space="rgb01")
    return order(training_batches(cache, preparation, batch_size, seed, epochs, start_step))


def assert_same(expected, batches):
    for one, other in zip(expected, batches, strict=True):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in one)


def flat(batches):
    """Frame indices without the batches."""
    return [index for batch in batches for index in batch]


# --- order of the frames ----------------------------------------------------------------------------------


def test_every_epoch_visits_each_frame_at_most_once_and_drops_the_remainder(seven):
    batches = training_order(seven, epochs=5)
    assert len(batches) == 5 * 3
    for epoch in range(5):
        visited = flat(batches[3 * epoch : 3 * epoch + 3])
        assert len(visited) == len(set(visited)) == 6
        assert set(visited) <= set(range(7))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 16, 17])
def test_every_epoch_is_a_permutation(tmp_path, count):
    cache = built(write_frames(tmp_path, count), parts=["left", "right"])
    batches = training_order(cache, epochs=3, batch_size=1)
    for epoch in range(3):
        assert sorted(flat(batches[count * epoch : count * (epoch + 1)])) == list(range(count))


def test_epochs_and_seeds_differ_in_order_and_in_what_they_drop(seven):
    epochs = set()
    for seed in range(3):
        batches = training_order(seven, seed, epochs=4)
        epochs |= {tuple(flat(batches[3 * epoch : 3 * epoch + 3])) for epoch in range(4)}
    assert len(epochs) == 12
    assert len({frozenset(range(7)).difference(epoch) for epoch in epochs}) > 3


def test_a_run_can_be_resumed_at_any_step(seven):
    order = training_order(seven, seed=3, epochs=3)
    for start in range(len(order) + 1):
        assert training_order(seven, seed=3, epochs=3, start_step=start) == order[start:]


@pytest.mark.parametrize("augment", ["none", "flip"])
def test_a_run_that_is_resumed_sees_the_same_batches(seven, augment):
    def batches(start_step):
        return list(training_batches(seven, prepare(), 2, 1, 3, start_step, augment))

    uninterrupted = batches(0)
    for start in (1, 4, 7, 9):
        assert_same(uninterrupted[start:], batches(start))


def test_frames_come_in_order_for_evaluation(seven):
    preparation = prepare(("depth",), recon_space="rgb01")
    assert order(ordered_batches(seven, preparation)) == [[k] for k in range(7)]
    assert order(ordered_batches(seven, preparation, 3)) == [[0, 1, 2], [3, 4, 5], [6]]


def test_left_right_and_labels_of_a_batch_belong_together(seven):
    preparation = prepare(ALL, recon_space="rgb01")
    for batch in training_batches(seven, preparation, 2, seed=0, epochs=1):
        for k, index in enumerate(np.round(batch["left"][:, 0, 0, 0] * 255).astype(int)):
            np.testing.assert_allclose(batch["left"][k] * 255, seven.image("left", index), atol=1e-3)
            np.testing.assert_allclose(batch["right"][k] * 255, seven.image("right", index), atol=1e-3)
            assert np.array_equal(batch["labels"][k], seven.image("labels", index))


# --- reading ----------------------------------------------------------------------------------------------


def test_disk_and_memory_give_the_same_batches(tmp_path, seven):
    disk = built(seven.frames, folder=tmp_path)
    preparation = prepare()
    assert_same(*(training_batches(cache, preparation, 2, 0, 2) for cache in (disk, seven)))


def test_shapes_are_known_before_the_first_batch(tmp_path, seven):
    for cache in (seven, built(seven.frames, folder=tmp_path)):
        spec = training_batches(cache, prepare(), 2, 0, 1).element_spec
        assert {name: tuple(value.shape) for name, value in spec.items()} == {
            "lab": (2, 32, 32, 3),
            "gray": (2, 32, 32, 3),
            "labels": (2, 32, 32),
            "color": (2, 32, 32),
            "left": (2, 32, 32, 3),
            "right": (2, 32, 32, 3),
            "mask": (2, 32, 32),
        }


def test_images_in_memory_are_no_constants_of_the_graph(tmp_path, monkeypatch):
    """A graph holds 2 GB; the images of a data set are more."""
    cache = built(write_frames(tmp_path, 40), parts=["left"])
    graph_sizes = []

    def traced(dataset, function, map=tf.data.Dataset.map, **options):
        graph = tf.function(function).get_concrete_function(dataset.element_spec).graph
        graph_sizes.append(len(graph.as_graph_def().SerializeToString()))
        return map(dataset, function, **options)

    monkeypatch.setattr(tf.data.Dataset, "map", traced)
    training_batches(cache, prepare(("color",)), 2, 0, 1)
    assert graph_sizes and max(graph_sizes) < cache.array("left").nbytes / 2


@pytest.mark.parametrize(
    ("tasks", "names"),
    [
        (("seg",), {"lab", "labels"}),
        (("color",), {"gray", "color"}),
        (("depth",), {"lab", "left", "right"}),
        (("seg", "color"), {"lab", "labels", "gray", "color"}),
        (("color", "depth"), {"lab", "gray", "color", "left", "right"}),
        (ALL, {"lab", "labels", "gray", "color", "left", "right"}),
    ],
)
def test_a_batch_holds_what_the_tasks_need(seven, tasks, names):
    batch = training_batches(seven, prepare(tasks), 2, 0, 1).element_spec
    assert batch.keys() == names | {"mask"}


@pytest.mark.parametrize(("task", "needed"), [("seg", "labels"), ("color", None), ("depth", "right")])
def test_files_that_the_tasks_do_not_need_are_not_read(tmp_path, seven, task, needed):
    cache = built(seven.frames, folder=tmp_path)
    for part in {"right", "labels"} - {needed}:
        for path in cache.paths(part):
            Path(path).unlink()
    assert len(list(training_batches(cache, prepare((task,)), 2, 0, 1))) == 3


def test_targets_that_the_cache_does_not_have_are_left_out(tmp_path):
    """The network can be evaluated on images alone."""
    cache = built(write_frames(tmp_path, 2), parts=["left"])
    batch = ordered_batches(cache, prepare()).element_spec
    assert batch.keys() == {"lab", "gray", "color", "mask"}


# --- preparation ------------------------------------------------------------------------------------------


def test_network_sees_lab_without_mean_and_deviation():
    images = stereo_batch()
    batch = prepared(images)
    expected = (rgb2lab(images["left"]) - STATISTICS.mean) / STATISTICS.std
    np.testing.assert_allclose(batch["lab"], expected, atol=1e-3)
    assert batch["lab"].dtype == np.float32


@pytest.mark.parametrize(
    ("input_norm", "scale", "offset"),
    [("raw", (1, 1, 1), (0, 0, 0)), ("unit", (100, 255, 255), (0, 128, 128))],
)
def test_other_normalizations_of_the_input(input_norm, scale, offset):
    images = stereo_batch()
    batch = prepared(images, input_norm=input_norm)
    np.testing.assert_allclose(batch["lab"], (rgb2lab(images["left"]) + offset) / scale, atol=1e-3)


@pytest.mark.parametrize("input_norm", ["standard", "raw", "unit"])
def test_gray_is_the_networks_lightness_three_times(input_norm):
    batch = prepared(stereo_batch(), input_norm=input_norm)
    assert np.array_equal(batch["gray"], np.repeat(batch["lab"][..., :1], 3, axis=-1))


def test_color_targets_are_classes_of_the_image_that_the_network_sees():
    images = stereo_batch()
    bins = ColorBins(STATISTICS.mean[1:], STATISTICS.std[1:])
    assert np.array_equal(prepared(images)["color"], bins.encode(rgb_to_lab(images["left"])))


@pytest.mark.parametrize(
    ("recon_space", "expected"),
    [
        ("lab01", lambda rgb: (rgb2lab(rgb) + LAB_OFFSET) / (100, 255, 255)),
        ("L", lambda rgb: rgb2lab(rgb)[..., :1] / 100),
        ("rgb01", lambda rgb: rgb / 255),
        ("lab_raw", rgb2lab),
    ],
)
def test_spaces_of_the_reconstruction(recon_space, expected):
    images = stereo_batch()
    batch = prepared(images, recon_space=recon_space)
    for side in ("left", "right"):
        assert batch[side].dtype == np.float32
        np.testing.assert_allclose(batch[side], expected(images[side]), atol=1e-3)


def test_unit_lab_lies_between_0_and_1_for_every_color():
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), axis=-1)
    unit = lab_to_unit(rgb_to_lab(cube)).numpy()
    assert unit.min() >= 0 and unit.max() <= 1 + 1e-6
    assert unit[..., 1:].min() > 0 and unit[..., 1:].max() < 1


def test_mask_is_0_on_padding_and_1_elsewhere(tmp_path, seven):
    frames = write_frames(tmp_path / "small", 1, 50, 40) + write_frames(tmp_path / "wide", 1, 64, 33)
    cache = built(frames, (64, 64), fit="pad")
    (batch,) = ordered_batches(cache, prepare(), 2)
    (resized,) = ordered_batches(seven, prepare(("color",)), 7)
    assert (resized["mask"].numpy() == 1).all()
    mask = batch["mask"].numpy()
    assert mask.dtype == np.float32
    assert mask.sum(axis=(1, 2)).tolist() == [50 * 40, 64 * 33]
    assert mask[0, :40, :50].all() and mask[1, :33].all()
    assert (batch["labels"].numpy()[mask == 0] == IGNORE).all()


def test_inside_takes_width_before_height():
    assert inside(tf.constant([[3, 1]]), 2, 4).numpy().tolist() == [[[1, 1, 1, 0], [0, 0, 0, 0]]]


def test_the_network_input_has_mean_0_and_deviation_1_over_the_training_images(seven):
    preparation = prepare(("seg",), color_statistics(seven.images("left")))
    lab = np.concatenate([batch["lab"] for batch in ordered_batches(seven, preparation, 3)]).reshape(-1, 3)
    np.testing.assert_allclose(lab.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(lab.std(axis=0), 1, atol=1e-4)


# --- mirroring --------------------------------------------------------------------------------------------


def flipped(values):
    """Mirrored left to right, ``[B, H, W, …]``."""
    return np.flip(np.asarray(values), axis=2)


@pytest.mark.parametrize("mirrored", [(True, False), (False, True), (True, True), (False, False)])
def test_inputs_targets_and_mask_are_mirrored_alike_and_only_where_they_should(mirrored):
    images, mirrored = stereo_batch(), np.array(mirrored)
    images["valid_size"] = np.int32([[9, 8], [12, 5]])  # padding on the right, and below
    plain = prepare()(images)
    batch = dict(prepare()(images | {"mirrored": mirrored}))
    assert batch.pop("direction").numpy().tolist() == np.where(mirrored, -1, 1).tolist()
    assert batch.keys() == plain.keys() == {"lab", "gray", "labels", "color", "left", "right", "mask"}
    for name, values in batch.items():
        before = np.asarray(plain[name])
        where = mirrored.reshape(-1, *[1] * (before.ndim - 1))
        np.testing.assert_allclose(values, np.where(where, flipped(before), before), atol=1e-4, err_msg=name)
    assert not np.array_equal(plain["mask"][0], flipped(plain["mask"])[0])


def test_mirroring_a_mirror_image_gives_the_image():
    images = stereo_batch()
    mirror = {part: flipped(values) for part, values in images.items()}
    once = prepared(mirror | {"mirrored": np.array([True, True])})
    for name, values in prepared(images).items():
        np.testing.assert_allclose(once[name], values, atol=1e-4, err_msg=name)


def stereo_pair(width=48, height=6):
    """A pair with its disparity: uint8 left and right ``[1, H, W, 3]``, disparity ``[1, H, W, 1]``.

    Every pixel of the left image is seen in the right one.
    """
    rng = np.random.default_rng(4)
    right = rng.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    largest = np.minimum(np.arange(width), 9)[:, None]
    disparity = (largest * rng.uniform(0, 1, (1, height, width, 1))).astype(np.float32)
    x = np.arange(width) - disparity[0, ..., 0]
    rows = [
        np.stack([np.interp(x[y], np.arange(width), right[0, y, :, c]) for c in range(3)], axis=-1)
        for y in range(height)
    ]
    return np.round([rows]).astype(np.uint8), right, disparity


@pytest.mark.parametrize("border", ["edge", "zero"])
@pytest.mark.parametrize("mask_outside", [False, True])
def test_a_mirrored_pair_has_the_loss_of_the_pair_when_it_is_looked_up_the_other_way(border, mask_outside):
    left, right, disparity = stereo_pair()
    images = {"left": left, "right": right, "valid_size": np.int32([[44, 6]])}
    preparation = prepare(("depth",))

    def loss(batch, disparity):
        options = {"mask": batch["mask"], "border": border, "mask_outside": mask_outside}
        return float(reconstruction_loss(batch["left"], batch["right"], disparity, **options))

    plain, mirrored = preparation(images), preparation(images | {"mirrored": np.array([True])})
    direction = mirrored["direction"].numpy()[:, None, None, None]
    known, guess = disparity, np.full_like(disparity, 5.5)
    for d in (known, guess):
        assert loss(mirrored, direction * flipped(d)) == pytest.approx(loss(plain, d), rel=1e-4)
    assert loss(mirrored, flipped(known)) > 20 * loss(plain, known)  # not mirrored at all


def shown(batches):
    """(frame, whether it is mirrored) of everything in batches of ``rgb01`` images."""
    found = []
    for batch in batches:
        mirrored = batch["direction"].numpy() < 0
        first = np.where(mirrored, batch["left"][:, 0, -1, 0], batch["left"][:, 0, 0, 0])
        found += zip(np.round(first * 255).astype(int).tolist(), mirrored.tolist(), strict=True)
    return found


def mirroring(cache, seed=0, epochs=3, start_step=0):
    preparation = prepare(("depth",), recon_space="rgb01")
    return shown(training_batches(cache, preparation, 2, seed, epochs, start_step, "flip"))


def test_mirroring_leaves_the_order_of_the_frames(seven):
    assert [frame for frame, _ in mirroring(seven, seed=2)] == flat(training_order(seven, seed=2))


def test_half_of_the_frames_are_mirrored_whichever_frame_epoch_and_seed(seven):
    by_seed = {seed: mirroring(seven, seed, epochs=40) for seed in range(3)}
    for samples in by_seed.values():
        coins = np.array([mirrored for _, mirrored in samples])
        assert abs(coins.mean() - 0.5) < 4 * 0.5 / len(coins) ** 0.5
        for frame in range(7):
            assert {mirrored for seen, mirrored in samples if seen == frame} == {True, False}
    assert len({tuple(mirrored for _, mirrored in samples) for samples in by_seed.values()}) == 3


def test_more_epochs_do_not_change_what_is_mirrored(seven):
    assert mirroring(seven, epochs=5)[: 3 * 6] == mirroring(seven, epochs=3)


def test_padding_is_mirrored_with_its_image(tmp_path):
    cache = built(write_frames(tmp_path, 4, 50, 40), (64, 64), fit="pad")
    seen = set()
    for batch in training_batches(cache, prepare(), 1, 0, 4, augment="flip"):
        mirrored = bool(batch["direction"][0] < 0)
        mask = (flipped if mirrored else np.asarray)(batch["mask"])[0]
        assert mask[:40, :50].all() and mask.sum() == 40 * 50
        assert (batch["labels"].numpy()[batch["mask"] == 0] == IGNORE).all()
        seen.add(mirrored)
    assert seen == {True, False}


# --- real images ------------------------------------------------------------------------------------------


def test_real_street_scenes_go_through(tmp_path, kitti_sample):
    frames = KITTI.find_frames(kitti_sample, "val")[:3]
    cache = built(frames, (1248, 384), fit="pad", folder=tmp_path)
    statistics = color_statistics(cache.images("left"))
    batches = list(training_batches(cache, prepare(ALL, statistics), 1, seed=0, epochs=1))
    assert len(batches) == 3

    widths = {cache.native_sizes[k, 0].item() for k in range(3)}
    for batch in batches:
        assert all(np.isfinite(value).all() for value in batch.values())
        assert batch["lab"].shape == (1, 384, 1248, 3)
        assert abs(batch["lab"].numpy()).max() < 20
        assert set(np.unique(batch["labels"])) <= {*range(19), IGNORE}
        assert set(np.unique(batch["color"])) <= set(range(36))
        assert batch["mask"].numpy()[0, 0].sum() in widths

    (first,) = ordered_batches(cache, prepare(ALL, statistics, recon_space="rgb01")).take(1)
    width, height = cache.native_sizes[0]
    seen = first["mask"][0].numpy() == 1
    assert seen[:height, :width].all() and seen.sum() == width * height
    for side in ("left", "right"):
        native = first[side][0, :height, :width] * 255
        np.testing.assert_allclose(native, read_rgb(getattr(frames[0], side)), atol=1e-3)
    expected = ids_to_train_ids(read_labels(frames[0].labels))
    assert np.array_equal(first["labels"][0, :height, :width], expected)
