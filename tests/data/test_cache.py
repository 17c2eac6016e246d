import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from selfsup_segmentation.data import cache as cache_module
from selfsup_segmentation.data.cache import FrameCache
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids

PARTS = ("left", "right", "labels")


def write_frame(folder, name, left, right, labels):
    """A frame whose files are PNGs of these arrays."""
    paths = {}
    for part, array in zip(PARTS, (left, right, labels), strict=True):
        paths[part] = folder / part / f"{name}.png"
        paths[part].parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(paths[part])
    return Frame(name, **paths)


def noise_frames(folder, width=128, height=64, count=3):
    """Frames of noise, and their arrays by part."""
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 256, (2, count, height, width, 3), dtype=np.uint8)
    labels = rng.integers(0, 34, (count, height, width), dtype=np.uint8)
    arrays = {"left": left, "right": right, "labels": labels}
    frames = [write_frame(folder, f"frame {k}", *(arrays[part][k] for part in PARTS)) for k in range(count)]
    return frames, arrays


def built(frames, size=(64, 32), **options):
    cache = FrameCache(frames, size, **options)
    cache.build()
    return cache


def stacked(cache, part):
    return np.stack([cache.image(part, index) for index in range(len(cache))])


def snapshot(folder):
    """Everything below a folder, with content and times."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else sorted(path.iterdir()))
        for path in [folder, *folder.rglob("*")]
    }


def fail(*args, **options):
    raise AssertionError("nothing should be decoded here")


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path):
    """Where the cache lives."""
    return tmp_path / "cache" if request.param == "disk" else None


# --- what is in it ----------------------------------------------------------------------------------------


def test_half_size_is_the_mean_of_boxes_of_four_pixels(tmp_path, folder):
    frames, arrays = noise_frames(tmp_path / "data")
    cache = built(frames, folder=folder)
    assert cache.valid_sizes.tolist() == [[64, 32]] * 3 and cache.valid_sizes.dtype == np.int32
    assert cache.native_sizes.tolist() == [[128, 64]] * 3
    for part in ("left", "right"):
        halved = stacked(cache, part)
        boxes = arrays[part].reshape(3, 32, 2, 64, 2, 3).mean(axis=(2, 4))
        assert np.array_equal(halved, np.floor(boxes + 0.5))
        bilinear = tf.image.resize(arrays[part], (32, 64), "bilinear", antialias=False)
        assert np.abs(halved - bilinear).max() <= 0.5


def test_other_ratios_average_too(tmp_path):
    frames, arrays = noise_frames(tmp_path, 240, 120)
    small = stacked(built(frames), "left").astype(float)
    assert small.std() < 0.5 * arrays["left"].std()  # single pixels of noise would keep all of it
    assert small.mean() == pytest.approx(arrays["left"].mean(), abs=1)


def test_half_size_labels_are_train_ids_of_the_odd_pixels(tmp_path, folder):
    frames, arrays = noise_frames(tmp_path / "data")
    labels = stacked(built(frames, folder=folder), "labels")
    assert np.array_equal(labels, ids_to_train_ids(arrays["labels"])[:, 1::2, 1::2])
    assert set(np.unique(labels)) == {*range(19), IGNORE}


def test_images_of_the_right_size_are_kept_as_they_are(tmp_path, folder):
    frames, arrays = noise_frames(tmp_path / "data", 64, 32)
    cache = built(frames, folder=folder)
    assert np.array_equal(stacked(cache, "left"), arrays["left"])
    assert np.array_equal(stacked(cache, "labels"), ids_to_train_ids(arrays["labels"]))
    assert cache.valid_sizes.tolist() == [[64, 32]] * 3


def test_padding_repeats_the_edge_and_has_no_label(tmp_path, folder):
    frames, arrays = noise_frames(tmp_path / "data", 50, 30)
    cache = built(frames, folder=folder, fit="pad")
    for part in ("left", "right"):
        padded = stacked(cache, part)
        assert np.array_equal(padded[:, :30, :50], arrays[part])
        assert np.array_equal(padded[:, :30, 50:], np.repeat(arrays[part][:, :, -1:], 14, axis=2))
        assert np.array_equal(padded[:, 30:], np.repeat(padded[:, 29:30], 2, axis=1))
    labels = stacked(cache, "labels")
    assert np.array_equal(labels[:, :30, :50], ids_to_train_ids(arrays["labels"]))
    assert (labels[:, 30:] == IGNORE).all() and (labels[:, :, 50:] == IGNORE).all()


def test_padded_images_of_several_sizes_know_their_own(tmp_path):
    frames = []
    for k, (width, height) in enumerate([(50, 30), (64, 32), (33, 31)]):
        views, labels = np.full((2, height, width, 3), k, np.uint8), np.zeros((height, width), np.uint8)
        frames.append(write_frame(tmp_path, str(k), *views, labels))
    cache = built(frames, fit="pad")
    assert cache.valid_sizes.tolist() == [[50, 30], [64, 32], [33, 31]]
    assert [int(image.min()) for image in cache.images("left")] == [0, 1, 2]


def test_disk_and_memory_hold_the_same_bytes(tmp_path):
    frames, _ = noise_frames(tmp_path / "data", 100, 50)
    for fit, size in (("resize", (64, 32)), ("pad", (128, 64))):
        disk = built(frames, size, fit=fit, folder=tmp_path / "cache")
        memory = built(frames, size, fit=fit)
        for part in PARTS:
            assert memory.array(part).dtype == np.uint8
            assert np.array_equal(stacked(disk, part), memory.array(part))
            raw = b"".join(Path(path).read_bytes() for path in disk.paths(part))
            assert raw == memory.array(part).tobytes()


def test_only_the_parts_that_were_asked_for_are_read(tmp_path, folder):
    frames, _ = noise_frames(tmp_path / "data")
    for part in ("right", "labels"):
        for frame in frames:
            getattr(frame, part).unlink()
    cache = built([Frame(frame.name, frame.left) for frame in frames], parts=["left"], folder=folder)
    assert stacked(cache, "left").shape == (3, 32, 64, 3)


def test_images_can_be_gone_through_twice(tmp_path, folder):
    images = built(noise_frames(tmp_path / "data")[0], folder=folder).images("left")
    assert np.array_equal(list(images), list(images))


def test_progress_counts_every_image(tmp_path, folder):
    calls = []
    FrameCache(noise_frames(tmp_path / "data")[0], (64, 32), folder=folder).build(
        lambda *call: calls.append(call)
    )
    assert calls == [(done, 9) for done in range(1, 10)]


# --- building again ---------------------------------------------------------------------------------------


def test_a_second_build_decodes_nothing(tmp_path, monkeypatch):
    frames, _ = noise_frames(tmp_path / "data")
    first = built(frames, folder=tmp_path / "cache")
    monkeypatch.setattr(cache_module, "read_rgb", fail)
    monkeypatch.setattr(cache_module, "read_labels", fail)
    second = built(frames, folder=tmp_path / "cache")
    for part in PARTS:
        assert second.paths(part) == first.paths(part)
        assert np.array_equal(stacked(second, part), stacked(first, part))
    monkeypatch.chdir(tmp_path / "cache")
    built(frames, folder=".")


def test_a_second_build_decodes_only_what_is_new(tmp_path, monkeypatch):
    frames, _ = noise_frames(tmp_path / "data")
    built(frames[:2], folder=tmp_path / "cache")
    decoded = []
    monkeypatch.setattr(
        cache_module, "read_rgb", lambda path: decoded.append(path) or np.zeros((64, 128, 3), np.uint8)
    )
    built(frames, folder=tmp_path / "cache")
    assert sorted(decoded) == [frames[2].left, frames[2].right]


@pytest.mark.parametrize("same", ["size", "time"])
def test_a_changed_source_is_noticed(tmp_path, same):
    frames, arrays = noise_frames(tmp_path / "data", 64, 32)
    built(frames, folder=tmp_path / "cache")
    source, before = frames[1].left, frames[1].left.stat()
    changed = 255 - arrays["left"][1] if same == "size" else np.zeros_like(arrays["left"][1])
    Image.fromarray(changed).save(source)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns + (0 if same == "time" else 1_000_000)))
    again = built(frames, folder=tmp_path / "cache")
    assert np.array_equal(again.image("left", 1), changed)
    assert np.array_equal(again.image("left", 0), arrays["left"][0])


def test_sizes_and_fits_do_not_share_files(tmp_path):
    frames, _ = noise_frames(tmp_path / "data")
    caches = [
        built(frames, size, fit=fit, folder=tmp_path / "cache")
        for size, fit in [
            ((64, 32), "resize"),
            ((32, 64), "resize"),
            ((128, 64), "resize"),
            ((128, 64), "pad"),
        ]
    ]
    paths = [path for cache in caches for path in cache.paths("left")]
    assert len(set(paths)) == len(paths)


def test_frames_of_the_same_name_do_not_share_files(tmp_path):
    """Neither when their files have equal sizes and times."""
    frames = []
    for value in (7, 9):
        images = np.full((2, 32, 64, 3), value, np.uint8)
        frames.append(write_frame(tmp_path / str(value), "000000_10", *images, np.zeros((32, 64), np.uint8)))
        os.utime(frames[-1].left, ns=(0, 0))
    assert frames[0].left.stat().st_size == frames[1].left.stat().st_size
    cache = built(frames, folder=tmp_path / "cache")
    assert [int(image.max()) for image in cache.images("left")] == [7, 9]


def test_the_data_folder_is_never_written_to(tmp_path, folder):
    frames, _ = noise_frames(tmp_path / "data")
    before = snapshot(tmp_path / "data")
    for _ in range(2):
        cache = built(frames, folder=folder)
        stacked(cache, "left")
    assert snapshot(tmp_path / "data") == before


# --- what can go wrong ------------------------------------------------------------------------------------


def test_a_build_that_is_interrupted_leaves_no_half_file(tmp_path, monkeypatch):
    """Stopped while writing and stopped before the renaming: afterwards a build makes the same files."""
    frames, _ = noise_frames(tmp_path / "data")
    memory, folder = built(frames), tmp_path / "cache"

    def write_half(path, content, write=Path.write_bytes):
        write(path, content[: len(content) // 2])
        raise KeyboardInterrupt

    def never_rename(path, target):
        raise KeyboardInterrupt

    for name, replacement in (("write_bytes", write_half), ("replace", never_rename)):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, replacement)
            with pytest.raises(KeyboardInterrupt):
                built(frames, folder=folder)
        assert not list(folder.iterdir())

    cache = built(frames, folder=folder)
    for part in PARTS:
        assert np.array_equal(stacked(cache, part), memory.array(part))
    assert len(list(folder.iterdir())) == 9


def test_what_a_killed_process_left_does_not_matter(tmp_path):
    """A temporary file that nobody renamed, and a file that lost its content when the machine went down."""
    frames, _ = noise_frames(tmp_path / "data")
    first = built(frames, folder=tmp_path / "cache")
    expected, path = stacked(first, "left"), Path(first.paths("left")[1])
    path.with_name(path.name + ".killed.tmp").write_bytes(b"half")
    path.write_bytes(b"")
    assert np.array_equal(stacked(built(frames, folder=tmp_path / "cache"), "left"), expected)


def test_a_full_disk_is_said_in_one_sentence(tmp_path, monkeypatch):
    frames, _ = noise_frames(tmp_path / "data")

    def write_on_full_disk(path, content, write=Path.write_bytes):
        write(path, content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_on_full_disk)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\).*--cache") as caught:
        built(frames, folder=tmp_path / "cache")
    assert str(tmp_path / "cache") in str(caught.value)
    assert not list((tmp_path / "cache").iterdir())


def test_a_cache_that_cannot_be_a_folder_is_said_in_one_sentence(tmp_path):
    frames, _ = noise_frames(tmp_path / "data")
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "cache"):
        with pytest.raises(InputError, match="cannot be written"):
            built(frames, folder=folder)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-500]), "damaged"),
        (Path.unlink, "missing|No such file"),
        (lambda path: path.write_text("Please log in"), "is not a PNG file"),
    ],
    ids=["damaged", "missing", "no image"],
)
def test_a_file_that_cannot_be_decoded_is_named(tmp_path, folder, part, damage, words):
    frames, _ = noise_frames(tmp_path / "data")
    path = getattr(frames[1], part)
    damage(path)
    with pytest.raises(InputError, match=words) as caught:
        built(frames, folder=folder)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("size", [(100, 64), (64, 100), (0, 32), (64, 16), (-32, 32)])
def test_sizes_that_the_network_cannot_take_are_refused(tmp_path, size):
    with pytest.raises(InputError, match="multiples of 32"):
        FrameCache(noise_frames(tmp_path)[0], size)


@pytest.mark.parametrize("size", [(96, 64), (128, 32)])
def test_images_larger_than_the_padded_size_are_refused(tmp_path, size):
    with pytest.raises(InputError, match="128x64 do not fit"):
        FrameCache(noise_frames(tmp_path)[0], size, fit="pad")


def test_several_builders_may_share_a_folder(tmp_path):
    frames, _ = noise_frames(tmp_path / "data", count=6)
    memory = built(frames)
    with ThreadPoolExecutor(4) as pool:
        caches = list(pool.map(lambda _: built(frames, folder=tmp_path / "cache"), range(4)))
    for cache in caches:
        assert np.array_equal(stacked(cache, "right"), memory.array("right"))
    assert len(list((tmp_path / "cache").iterdir())) == 18
