"""Which solid every pixel sees, and how far away: ray casting with a depth buffer."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfsup_segmentation.data.scenes.rig import View
from selfsup_segmentation.data.scenes.shapes import NEAR
from selfsup_segmentation.data.scenes.solid import Solid


@dataclass(frozen=True, eq=False)
class Buffers:
    """What one camera sees, all [H, W].

    Attributes:
        depth: along the optical axis, m, float32; inf for the sky.
        owner: index of the solid; ``len(solids)`` for the sky.
        face: face or part of the solid that was hit, uint8.
    """

    depth: np.ndarray
    owner: np.ndarray
    face: np.ndarray


def rasterise(solids: list[Solid], view: View) -> Buffers:
    """Cast the rays of each solid's window and keep the nearest hit.

    Solids come from near to far, so that most of what is hidden is known to be so before it is cast.
    """
    shape = view.rig.height, view.rig.width
    depth = np.full(shape, np.inf, np.float32)
    owner = np.full(shape, len(solids), np.uint16)
    face = np.zeros(shape, np.uint8)
    seen = windows(solids, view)
    for number in sorted(seen, key=lambda number: seen[number].nearest):
        solid, (window, nearest) = solids[number], seen[number]
        if depth[window].max() < nearest:
            continue
        t, part = solid.shape.intersect(solid.to_local(view.rays(*window)))
        nearer = t < depth[window]
        np.copyto(depth[window], t, where=nearer, casting="same_kind")
        np.copyto(owner[window], np.uint16(number), where=nearer)
        np.copyto(face[window], np.asarray(part, np.uint8), where=nearer)
    return Buffers(depth, owner, face)


class Window(NamedTuple):
    """Rows and columns of the image that a solid can cover, and a depth, m, that all of it lies beyond."""

    area: tuple[slice, slice]
    nearest: float


def windows(solids: list[Solid], view: View) -> dict[int, Window]:
    """The window of every solid that may be in sight, by its index."""
    rig = view.rig
    corners = _corners(solids)
    u, v, depth = view.project(corners)
    # A corner beside or behind the camera projects to infinity on its side.
    behind = depth < NEAR
    u = np.where(behind, np.where(corners[..., 0] < view.x, -np.inf, np.inf), u)
    low_v, high_v = np.where(behind, -np.inf, v), np.where(behind, np.inf, v)
    columns = np.clip([u.min(1), np.ceil(u.max(1) + 1)], 0, rig.width).astype(int)
    rows = np.clip([low_v.min(1), np.ceil(high_v.max(1) + 1)], 0, rig.height).astype(int)
    hopeless = behind.all(1) | (columns[0] >= columns[1]) | (rows[0] >= rows[1])
    nearest = depth.min(1)
    found: dict[int, Window] = {}
    ground = slice(int(np.argmax(view.upward[:, 0] < 0)), rig.height), slice(0, rig.width)
    for k, solid in enumerate(solids):
        if solid.shape.extent is None:
            found[k] = Window(ground, NEAR)
        elif not hopeless[k]:
            area = slice(*rows[:, k].tolist()), slice(*columns[:, k].tolist())
            found[k] = Window(area, float(nearest[k]))
    return found


def _corners(solids: list[Solid]) -> np.ndarray:
    """World corners [solids, 8, 3] of the bounding boxes; of no meaning for a shape without bounds."""
    extents = np.array([solid.shape.extent or ((0, 0, 0), (0, 0, 0)) for solid in solids])
    x, y, z = (extents[:, choice, axis] for axis, choice in enumerate(np.indices((2, 2, 2)).reshape(3, 8)))
    yaw = np.array([[solid.yaw] for solid in solids])
    position = np.array([solid.position for solid in solids])[:, None]
    sin, cos = np.sin(yaw), np.cos(yaw)
    return position + np.stack([x * cos - y * sin, x * sin + y * cos, z], -1)
