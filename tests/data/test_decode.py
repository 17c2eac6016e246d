import os
import pickle
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.calibration import read_camera
from selfsup_segmentation.data.decode import (
    check_frames,
    read_disparity,
    read_instances,
    read_labels,
    read_rgb,
)
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import FileError
from selfsup_segmentation.data.frames import Frame
from tests.refused import file_refused

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
LABELS = RNG.integers(0, 34, (20, 30), dtype=np.uint8)
DISPARITY = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
READERS = [(read_rgb, RGB), (read_labels, LABELS), (read_instances, DISPARITY), (read_disparity, DISPARITY)]


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


@pytest.mark.parametrize(("read", "array"), READERS)
def test_reads_what_was_written(tmp_path, read, array):
    path = write(tmp_path / "Straße 1" / "frame.png", array)
    for given in (path, str(path)):
        pixels = read(given)
        assert pixels.dtype == array.dtype
        assert np.array_equal(pixels, array)
        assert pixels.flags.writeable


@pytest.mark.parametrize(("read", "array"), READERS)
def test_files_that_are_no_valid_png(tmp_path, read, array):
    file_refused(read, tmp_path / "nowhere.png", "is missing")
    file_refused(read, tmp_path, "cannot be read")

    path = tmp_path / "frame.png"
    path.touch()
    file_refused(read, path, "is empty")
    path.write_bytes(b"<html>Please log in</html>" * 9)
    file_refused(read, path, "is not a PNG")
    Image.fromarray(RGB).save(path, "jpeg")
    file_refused(read, path, "is not a PNG")

    valid = write(path, array).read_bytes()
    for length in (8, 20, 32, 33, 50, len(valid) // 2, len(valid) - 24, len(valid) - 1):
        path.write_bytes(valid[:length])
        file_refused(read, path, "is damaged or cut off")
    middle = len(valid) // 2
    path.write_bytes(valid[:middle] + bytes(8) + valid[middle + 8 :])
    file_refused(read, path, "is damaged or cut off")


@pytest.mark.parametrize(("read", "array"), READERS)
def test_no_flipped_bit_goes_unnoticed(tmp_path, read, array):
    valid = write(tmp_path / "frame.png", array).read_bytes()
    for bit in np.random.default_rng(1).integers(8 * len(valid), size=200):
        damaged = bytearray(valid)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path = tmp_path / "flipped.png"
        path.write_bytes(damaged)
        file_refused(read, path, "is")


def chunk(name, content):
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


# Of the second Pillow only warns.
@pytest.mark.parametrize("size", [(100_000, 100_000), (12_000, 12_000), (2**32 - 1, 1), (0, 5), (5, 0)])
@pytest.mark.parametrize("open_file", [read_rgb, lambda path: check_frames([Frame("huge", left=path)])])
def test_impossible_sizes_are_refused_from_the_header(tmp_path, size, open_file):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    path = tmp_path / "frame.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))
    file_refused(open_file, path, f"claims to be {size[0]}×{size[1]}")


@pytest.mark.parametrize("read", [read_rgb, read_camera])
def test_a_pipe_in_place_of_a_file_is_refused(tmp_path, read):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    file_refused(read, path, "cannot be read")


def test_an_error_tells_its_kind_also_to_another_process(tmp_path):
    with pytest.raises(FileError) as caught:
        read_rgb(tmp_path / "nowhere.png")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.kind, str(again)) == ("missing", str(caught.value))


@pytest.mark.parametrize(
    ("read", "array", "words"),
    [
        (read_rgb, LABELS, "8-bit grey where an image is 8-bit RGB"),
        (read_rgb, np.dstack([RGB, LABELS]), "8-bit RGBA where an image is 8-bit RGB"),
        (read_labels, RGB, "8-bit RGB where a label file is 8-bit grey"),
        (read_labels, DISPARITY, "16-bit grey where a label file is 8-bit grey"),
        (read_disparity, LABELS, "8-bit grey where a disparity file is 16-bit grey"),
        (read_disparity, RGB, "8-bit RGB where a disparity file is 16-bit grey"),
    ],
)
def test_other_kinds_of_png(tmp_path, read, array, words):
    file_refused(read, write(tmp_path / "frame.png", array), words)


def test_label_ids_outside_the_table(tmp_path):
    path = write(tmp_path / "known.png", np.array([[7, 255]], np.uint8))  # 255 is the licence plate
    assert read_labels(path).tolist() == [[7, 255]]
    path = write(tmp_path / "labels.png", np.array([[7, 34, 200, 255]], np.uint8))
    assert "holds 34, 200, which" in file_refused(read_labels, path, "no Cityscapes label ids")
    path = write(tmp_path / "noise.png", np.arange(256, dtype=np.uint8)[None])
    message = file_refused(read_labels, path, "no Cityscapes")
    assert "holds 34, 35, 36, 37, 38, 39, 40, 41, …, which" in message


# --- check_frames -----------------------------------------------------------------------------------------


@pytest.fixture
def frames(tmp_path):
    parts = {"left": RGB, "right": RGB, "labels": LABELS, "instances": DISPARITY, "disparity": DISPARITY}
    return [
        Frame(f"{i:06d}_10", **{part: write(tmp_path / part / f"{i}.png", parts[part]) for part in parts})
        for i in range(5)
    ]


def test_valid_frames_pass(tmp_path, frames):
    check_frames([*frames, Frame("of another size", left=write(tmp_path / "small.png", RGB[:10]))])
    check_frames(iter([Frame("left only", left=frames[0].left)]))
    check_frames([])


@pytest.mark.parametrize("part", ["left", "right", "labels", "instances", "disparity"])
def test_first_wrong_file_is_named(frames, part):
    for number in (1, 3):
        write(getattr(frames[number], part), RGB if part in ("labels", "disparity") else LABELS)
    with pytest.raises(InputError, match=f"the {part} file of 000001_10 is") as caught:
        check_frames(frames)
    assert str(getattr(frames[1], part)) in str(caught.value)


@pytest.mark.parametrize(("part", "array"), [("right", RGB), ("labels", LABELS), ("disparity", DISPARITY)])
def test_sizes_agree_within_a_frame(frames, part, array):
    path = write(getattr(frames[2], part), array[:10, :15])
    with pytest.raises(InputError, match=re.escape(f"{path} is 15×10 but {frames[2].left} is 30×20")):
        check_frames(frames)


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_missing_and_empty_files(frames, damage):
    path = frames[4].disparity
    path.unlink()
    if damage == "empty":
        path.touch()
    with pytest.raises(InputError, match=f"is {damage}") as caught:
        check_frames(frames)
    assert str(path) in str(caught.value)
