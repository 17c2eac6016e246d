"""Embedded street scenes: stereo pairs with exact labels and disparity, for a user without any data set.

A scene is drawn from a random street (`world`), rendered by ray casting for both cameras (`render`), and
written in the official layouts of Cityscapes and KITTI (`write`), so that everything downstream takes the
same path as with real data. Only numpy, Pillow and the label table of cityscapesScripts are needed.

Example:
    >>> from selfsup_segmentation.data.scenes import render_scene
    >>> scene = render_scene(seed=0, split="train", index=3, size=(384, 192))
    >>> scene.left.shape, scene.disparity.dtype
    ((192, 384, 3), dtype('float32'))
"""

from selfsup_segmentation.data.scenes.render import Scene, render_scene
from selfsup_segmentation.data.scenes.rig import CITYSCAPES_RIG, KITTI_RIG, Rig
from selfsup_segmentation.data.scenes.write import write_cityscapes, write_kitti

__all__ = [
    "CITYSCAPES_RIG",
    "KITTI_RIG",
    "Rig",
    "Scene",
    "render_scene",
    "write_cityscapes",
    "write_kitti",
]
