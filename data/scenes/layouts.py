"""File names and contents of a frame in the official layouts of Cityscapes and KITTI 2015."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from cityscapesscripts.helpers.labels import labels

from selfsup_segmentation.data.scenes.render import Scene
from selfsup_segmentation.data.scenes.rig import CITYSCAPES_RIG, KITTI_RIG, Rig

CITIES = {
    "train": ("lindental", "erlenbruch", "weidengrund", "buchenfeld"),
    "val": ("kiefernhain", "eibenstein"),
    "test": ("ulmenried", "ahornberg"),
    "train_extra": ("tannenhorst", "fichtenwalde", "pappelow"),
}
"""Made-up cities of each split; as in the real set, no city is in two splits."""

_COLORS = np.zeros((256, 3), np.uint8)
for _label in labels:
    if _label.id >= 0:
        _COLORS[_label.id] = _label.color

Contents = Callable[[Scene, Rig], np.ndarray | str]


@dataclass(frozen=True)
class Layout:
    """One data set's way of storing frames.

    Attributes:
        name: ``cityscapes`` or ``kitti``.
        rig: its cameras.
        folders: top folders, whose presence means that a data set is there.
        files: of a (split, index): relative path -> what to store there, an image or a text.
    """

    name: str
    rig: Rig
    folders: tuple[str, ...]
    files: Callable[[str, int], dict[str, Contents]]


def _cityscapes_files(split: str, index: int) -> dict[str, Contents]:
    cities = CITIES[split]
    sequence, city = divmod(index, len(cities))
    # Frame 19 is the annotated one of each 30-frame sequence in the real set.
    frame = f"{split}/{cities[city]}/{cities[city]}_{sequence:06d}_000019"
    files: dict[str, Contents] = {
        f"leftImg8bit/{frame}_leftImg8bit.png": lambda scene, rig: scene.left,
        f"rightImg8bit/{frame}_rightImg8bit.png": lambda scene, rig: scene.right,
    }
    if split != "test":
        files[f"disparity/{frame}_disparity.png"] = lambda scene, rig: _cityscapes_disparity(scene.disparity)
        files[f"camera/{frame}_camera.json"] = lambda scene, rig: _camera(rig)
    if split in ("train", "val"):
        files[f"gtFine/{frame}_gtFine_labelIds.png"] = lambda scene, rig: scene.labels
        files[f"gtFine/{frame}_gtFine_instanceIds.png"] = lambda scene, rig: scene.instances
        files[f"gtFine/{frame}_gtFine_color.png"] = lambda scene, rig: _COLORS[scene.labels]
    return files


def _kitti_files(split: str, index: int) -> dict[str, Contents]:
    def path(folder: str) -> str:
        return f"training/{folder}/{index:06d}_10.png"

    return {
        path("image_2"): lambda scene, rig: scene.left,
        path("image_3"): lambda scene, rig: scene.right,
        path("semantic"): lambda scene, rig: scene.labels,
        path("disp_occ_0"): lambda scene, rig: _kitti_disparity(scene.disparity),
        path("disp_noc_0"): lambda scene, rig: _kitti_disparity(
            np.where(scene.occluded, np.nan, scene.disparity)
        ),
        f"training/calib_cam_to_cam/{index:06d}.txt": lambda scene, rig: _calibration(rig),
    }


CITYSCAPES = Layout(
    "cityscapes",
    CITYSCAPES_RIG,
    ("leftImg8bit", "rightImg8bit", "gtFine", "gtCoarse", "disparity", "camera"),
    _cityscapes_files,
)
KITTI = Layout("kitti", KITTI_RIG, ("training", "testing"), _kitti_files)


def _cityscapes_disparity(disparity: np.ndarray) -> np.ndarray:
    """uint16: 0 invalid, else 256·d + 1."""
    coded = np.rint(np.nan_to_num(disparity) * 256) + 1
    return np.where(np.isnan(disparity), 0, np.minimum(coded, 65535)).astype(np.uint16)


def _kitti_disparity(disparity: np.ndarray) -> np.ndarray:
    """uint16: 256·d; 0 where there is no measurement, the sky included."""
    return np.minimum(np.rint(np.nan_to_num(disparity) * 256), 65535).astype(np.uint16)


def _camera(rig: Rig) -> str:
    """The official camera file; x and y are where the real cameras sit in their car."""
    extrinsic = {
        "baseline": rig.baseline,
        "pitch": rig.pitch,
        "roll": 0.0,
        "x": 1.7,
        "y": 0.1,
        "yaw": 0.0,
        "z": rig.camera_height,
    }
    intrinsic = {"fx": rig.focal, "fy": rig.focal, "u0": rig.u0, "v0": rig.v0}
    return json.dumps({"extrinsic": extrinsic, "intrinsic": intrinsic}, indent=4) + "\n"


def _calibration(rig: Rig) -> str:
    """The lines of KITTI's calib_cam_to_cam that stereo needs; f·B = P_rect_02[0, 3] - P_rect_03[0, 3]."""
    lines = []
    for camera, offset in (("02", 0.0), ("03", -rig.disparity_of_one_metre)):
        projection = (rig.focal, 0, rig.u0, offset, 0, rig.focal, rig.v0, 0, 0, 0, 1, 0)
        lines.append(f"S_rect_{camera}: {rig.width:.6e} {rig.height:.6e}")
        lines.append(f"P_rect_{camera}: " + " ".join(f"{value:.6e}" for value in projection))
    return "\n".join(lines) + "\n"
