import json

import pytest

from selfsup_segmentation.data.calibration import Camera, read_camera, read_kitti_calibration
from tests.refused import file_refused

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
        (f'{{"intrinsic": {{"fx": 1{400 * "0"}}}, "extrinsic": {{"baseline": 1}}}}', "no Cityscapes camera"),
        (100_000 * "[", "no Cityscapes camera JSON"),
        ("\udcff", "not a text file"),
    ],
)
def test_broken_camera(tmp_path, text, words):
    path = tmp_path / "camera.json"
    path.write_text(text, errors="surrogateescape")
    file_refused(read_camera, path, words)


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
    file_refused(read_kitti_calibration, path, words)


@pytest.mark.parametrize("read", [read_camera, read_kitti_calibration])
def test_missing_calibration(tmp_path, read):
    file_refused(read, tmp_path / "nowhere", "is missing")


def test_real_calibration(kitti_sample):
    camera = read_kitti_calibration(kitti_sample / "calib_cam_to_cam.txt")
    assert camera.focal == pytest.approx(721.5377)
    assert camera.baseline == pytest.approx(0.5327, abs=1e-4)
