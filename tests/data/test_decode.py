import json
import os
import pickle
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data.decode import (
    Camera,
    FileError,
    check_frames,
    read_camera,
    read_disparity,
    read_instances,
    read_kitti_calibration,
    read_labels,
    read_rgb,
)
from data.errors import InputError
from data.frames import Frame

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
LABELS = RNG.integers(0, 34, (20, 30), dtype=np.uint8)
DISPARITY = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
READERS = [
    (read_rgb, RGB),
    (read_labels, LABELS),
    (read_instances, DISPARITY),
    (read_disparity, DISPARITY),
]


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def refused(function, path, words):
    """The message: one sentence that names the file."""
    with pytest.raises(InputError, match=words) as caught:
        function(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".") and "\n" not in message
    return message


@pytest.mark.parametrize(("read", "array"), READERS)
def test_reads_what_was_written(tmp_path, read, array):
    path = write(tmp_path / "Straße 1" / "frame.png", array)
    for given in (path, str(path)):
        pixels = read(given)
        assert pixels.dtype == array.dtype
        assert np.array_equal(pixels, array)
        assert pixels.flags.writeable


def test_licence_plate_is_a_known_id(tmp_path):
    path = write(tmp_path / "labels.png", np.array([[7, 255]], np.uint8))
    assert read_labels(path).tolist() == [[7, 255]]


@pytest.mark.parametrize(("read", "array"), READERS)
def test_files_that_are_no_whole_png(tmp_path, read, array):
    refused(read, tmp_path / "nowhere.png", "is missing")
    refused(read, tmp_path, "cannot be read")

    path = tmp_path / "frame.png"
    path.touch()
    refused(read, path, "is empty")
    path.write_bytes(b"<html>Please log in</html>" * 9)
    refused(read, path, "is not a PNG")
    Image.fromarray(RGB).save(path, "jpeg")
    refused(read, path, "is not a PNG")

    whole = write(path, array).read_bytes()
    for length in (8, 20, 32, 33, 50, len(whole) // 2, len(whole) - 24, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(read, path, "is damaged or cut off")
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(8) + whole[middle + 8 :])
    refused(read, path, "is damaged or cut off")


@pytest.mark.parametrize(("read", "array"), READERS)
def test_no_flipped_bit_goes_unnoticed(tmp_path, read, array):
    whole = write(tmp_path / "frame.png", array).read_bytes()
    for bit in np.random.default_rng(1).integers(8 * len(whole), size=200):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path = tmp_path / "flipped.png"
        path.write_bytes(damaged)
        refused(read, path, "is")


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
    refused(open_file, path, f"claims to be {size[0]}×{size[1]}")


@pytest.mark.parametrize("read", [read_rgb, read_camera])
def test_a_pipe_in_place_of_a_file_is_refused(tmp_path, read):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    refused(read, path, "cannot be read")


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
    refused(read, write(tmp_path / "frame.png", array), words)


def test_palette_labels_are_refused(tmp_path):
    path = tmp_path / "labels.png"
    Image.fromarray(LABELS).convert("P").save(path)
    refused(read_labels, path, "8-bit palette")


def test_label_ids_outside_the_table(tmp_path):
    path = write(tmp_path / "labels.png", np.array([[7, 34, 200, 255]], np.uint8))
    assert "holds 34, 200, which" in refused(read_labels, path, "no Cityscapes label ids")
    path = write(tmp_path / "noise.png", np.arange(256, dtype=np.uint8)[None])
    assert "holds 34, 35, 36, 37, 38, 39, 40, 41, …, which" in refused(read_labels, path, "no Cityscapes")


CAMERA = {"extrinsic": {"baseline": 0.209313}, "intrinsic": {"fx": 2262.52, "fy": 2265.3}}


def test_cityscapes_camera(tmp_path):
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(CAMERA))
    assert read_camera(path) == Camera(focal=2262.52, baseline=0.209313)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no Cityscapes camera JSON"),
        ('{"intrinsic": {"fx": 1', "no Cityscapes camera JSON"),
        ("[1, 2]", "no Cityscapes camera JSON"),
        ('{"intrinsic": {"fx": 1}}', "no Cityscapes camera JSON"),
        ('{"intrinsic": {"fx": null}, "extrinsic": {"baseline": 1}}', "no Cityscapes camera JSON"),
        ('{"intrinsic": {"fx": 2262}, "extrinsic": {"baseline": 0}}', "must be positive"),
        ('{"intrinsic": {"fx": NaN}, "extrinsic": {"baseline": 0.2}}', "must be positive"),
        (
            '{"intrinsic": {"fx": 1' + 400 * "0" + '}, "extrinsic": {"baseline": 1}}',
            "no Cityscapes camera JSON",
        ),
        (100_000 * "[", "no Cityscapes camera JSON"),
        ("\udcff", "not a text file"),
    ],
)
def test_broken_camera(tmp_path, text, words):
    path = tmp_path / "camera.json"
    path.write_text(text, errors="surrogateescape")
    refused(read_camera, path, words)


def projection(focal, shift):
    return f"{focal} 0 609.6 {shift} 0 {focal} 172.9 0 0 0 1 0"


def test_kitti_calibration(tmp_path):
    path = tmp_path / "000007.txt"
    path.write_text(
        "calib_time: 09-Jan-2012 13:57:47\n"
        f"P_rect_02: {projection(720, 36)}\nP_rect_03: {projection(720, -324)}\n"
    )
    assert read_kitti_calibration(path) == Camera(focal=720, baseline=0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no KITTI calib_cam_to_cam"),
        (f"P_rect_02: {projection(720, 36)}", "no KITTI calib_cam_to_cam"),
        ("P_rect_02: 1 2 3\nP_rect_03: 1 2 3", "no KITTI calib_cam_to_cam"),
        ("P_rect_02: a b c d\nP_rect_03: 1 2 3 4", "no KITTI calib_cam_to_cam"),
        (f"P_rect_02: {projection(720, 36)}\nP_rect_03: 720 0 609.6 -3", "no KITTI calib_cam_to_cam"),
        (f"P_rect_02: {projection(0, 0)}\nP_rect_03: {projection(0, 0)}", "no KITTI calib_cam_to_cam"),
        (f"P_rect_02: {projection(720, -324)}\nP_rect_03: {projection(720, 36)}", "must be positive"),
    ],
)
def test_broken_kitti_calibration(tmp_path, text, words):
    path = tmp_path / "calib_cam_to_cam.txt"
    path.write_text(text)
    refused(read_kitti_calibration, path, words)


@pytest.mark.parametrize("read", [read_camera, read_kitti_calibration])
def test_missing_calibration(tmp_path, read):
    refused(read, tmp_path / "nowhere", "is missing")


def test_real_calibration(kitti_sample):
    camera = read_kitti_calibration(kitti_sample / "calib_cam_to_cam.txt")
    assert camera.focal == pytest.approx(721.5377)
    assert camera.baseline == pytest.approx(0.5327, abs=1e-4)


# --- check_frames -----------------------------------------------------------------------------------------


@pytest.fixture
def frames(tmp_path):
    parts = {"left": RGB, "right": RGB, "labels": LABELS, "instances": DISPARITY, "disparity": DISPARITY}
    return [
        Frame(
            f"{i:06d}_10",
            **{part: write(tmp_path / part / f"{i}.png", array) for part, array in parts.items()},
        )
        for i in range(5)
    ]


def test_whole_frames_pass(frames):
    check_frames(frames)
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


def test_frames_of_different_size_are_fine(tmp_path, frames):
    small = Frame("small", left=write(tmp_path / "small.png", RGB[:10]))
    check_frames([*frames, small])


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_missing_and_empty_files(frames, damage):
    path = frames[4].disparity
    path.unlink()
    if damage == "empty":
        path.touch()
    with pytest.raises(InputError, match=f"is {damage}") as caught:
        check_frames(frames)
    assert str(path) in str(caught.value)
