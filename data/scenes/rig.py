"""The pinhole stereo rig: where the two cameras are and which ray belongs to which pixel.

World frame: x right, y forward, z up, in metres; the origin lies on the ground under the left camera.
Rays are scaled so that their parameter is the depth Z along the optical axis, hence disparity = f·B/Z.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Rig:
    """A rectified stereo rig without lens distortion; both cameras have the same intrinsics.

    Attributes:
        width, height: image size in px that the intrinsics below refer to.
        focal: focal length in px, horizontally and vertically.
        u0, v0: principal point in px.
        baseline: distance of the right camera from the left one, m.
        camera_height: height of the cameras over the road, m.
        pitch: downward tilt of the optical axes, rad.
        bonnet: share of the image height that the ego vehicle covers at the bottom centre; 0 for none.
        border: width in px of the frame that is labelled "out of roi"; 0 for none.
    """

    width: int
    height: int
    focal: float
    u0: float
    v0: float
    baseline: float
    camera_height: float
    pitch: float
    bonnet: float = 0.0
    border: float = 0.0

    def scaled(self, size: tuple[int, int]) -> "Rig":
        """The same rig with images of ``size`` (width, height).

        The focal length follows the width alone, so that pixels stay square; another aspect ratio
        changes the vertical field of view.
        """
        width, height = size
        horizontal, vertical = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            focal=self.focal * horizontal,
            u0=self.u0 * horizontal,
            v0=self.v0 * vertical,
            border=max(1.0, self.border * horizontal) if self.border else 0.0,
        )

    @property
    def disparity_of_one_metre(self) -> float:
        """f·B in px·m: the disparity at a depth of 1 m."""
        return self.focal * self.baseline


CITYSCAPES_RIG = Rig(
    width=2048,
    height=1024,
    focal=2262.52,
    u0=1096.98,
    v0=513.137,
    baseline=0.209313,
    camera_height=1.22,
    pitch=0.038,
    bonnet=0.12,
    border=5.0,
)
"""Values of a Cityscapes camera file (its fy, 0.1 % above fx, is set to fx)."""

KITTI_RIG = Rig(
    width=1242,
    height=375,
    focal=721.5377,
    u0=609.5593,
    v0=172.854,
    baseline=0.5327,
    camera_height=1.65,
    pitch=0.0,
)
"""KITTI's colour cameras. The baseline is the calibrated one (the nominal one is 0.54 m)."""


class Rays(NamedTuple):
    """Rays from one point: origin as floats, direction components as arrays that broadcast together."""

    ox: float
    oy: float
    oz: float
    dx: np.ndarray
    dy: np.ndarray
    dz: np.ndarray

    def at(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points at parameter ``t``."""
        return self.ox + t * self.dx, self.oy + t * self.dy, self.oz + t * self.dz


@dataclass(frozen=True, eq=False)
class View:
    """One camera of a rig: its position and the ray of every pixel, kept as one row and two columns.

    Attributes:
        rig: the rig at the size of the image.
        x: lateral position of the camera, m (0 left, baseline right).
        across: x component of the rays [1, W].
        forward, upward: y and z components of the rays [H, 1].
    """

    rig: Rig
    x: float
    across: np.ndarray
    forward: np.ndarray
    upward: np.ndarray

    @classmethod
    def of(cls, rig: Rig, x: float) -> "View":
        """The view of ``rig`` from the lateral position ``x``."""
        u = ((np.arange(rig.width) - rig.u0) / rig.focal)[None, :]
        v = ((np.arange(rig.height) - rig.v0) / rig.focal)[:, None]
        sin, cos = math.sin(rig.pitch), math.cos(rig.pitch)
        return cls(rig, x, *(c.astype(np.float32) for c in (u, cos - v * sin, -(v * cos + sin))))

    def rays(self, rows: slice, columns: slice) -> Rays:
        """Rays of a window of the image; components broadcast to [h, w]."""
        across, forward, upward = self.across[:, columns], self.forward[rows], self.upward[rows]
        return Rays(self.x, 0.0, self.rig.camera_height, across, forward, upward)

    def rays_of(self, pixels: np.ndarray) -> Rays:
        """Rays [N] of flat pixel indices."""
        row, column = np.divmod(pixels, self.rig.width)
        across, forward, upward = self.across[0, column], self.forward[row, 0], self.upward[row, 0]
        return Rays(self.x, 0.0, self.rig.camera_height, across, forward, upward)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixel column, row and depth in m of world points [..., 3]; meaningless for depth <= 0."""
        sin, cos = math.sin(self.rig.pitch), math.cos(self.rig.pitch)
        x, y, z = points[..., 0] - self.x, points[..., 1], points[..., 2] - self.rig.camera_height
        depth = y * cos - z * sin
        scale = self.rig.focal / np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        return self.rig.u0 + scale * x, self.rig.v0 - scale * (z * cos + y * sin), depth
