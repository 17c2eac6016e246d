"""Shapes that rays can hit exactly: block, ellipsoid, upright cylinder, flat figure.

A shape lives in its own frame (x right, y forward, z up, metres). ``intersect`` gives the ray parameter of
the first hit (``inf`` for none) and a small integer that says which face or part was hit; ``surface`` gives
two coordinates on the surface, in metres, and the outward normal.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from selfsup_segmentation.data.scenes.rig import Rays

NEAR = 0.5  # m; nothing is rendered closer to the camera
_FAR = np.float32(1e9)  # stands for "no hit" where inf would breed NaN

Triple = tuple[float, float, float]


class Surface(NamedTuple):
    """Coordinates ``a``, ``b`` in m [N] on a surface and its outward normal (components [N] or float)."""

    a: np.ndarray
    b: np.ndarray
    nx: np.ndarray | float
    ny: np.ndarray | float
    nz: np.ndarray | float


class Shape(Protocol):
    """What the renderer asks of a shape."""

    @property
    def extent(self) -> tuple[Triple, Triple] | None:
        """Lower and upper corner of the bounding box, or None where the shape has no bounds."""

    def intersect(self, rays: Rays) -> tuple[np.ndarray, np.ndarray | int]:
        """Ray parameter of the first hit and the face, both broadcast to the rays' shape."""

    def surface(self, x: np.ndarray, y: np.ndarray, z: np.ndarray, face: np.ndarray) -> Surface:
        """Surface coordinates and normal at local points [N]."""


def _dot(normal: Triple, x, y, z):
    """Scalar product that skips the zeros most normals are made of."""
    terms = [n * c for n, c in zip(normal, (x, y, z), strict=True) if n]
    return sum(terms[1:], start=terms[0])


@dataclass(frozen=True)
class Block:
    """A box whose sides may lean inwards: house, roof, car body, cabin, sign plate.

    Attributes:
        low, high: lower and upper corner, m.
        lean: how far the sides -x/+x, the rear (-y) and the front (+y) have moved inwards at the top, m.
            Leaning by half the width makes a gable.

    Faces are numbered 0: -x, 1: +x, 2: -y, 3: +y, 4: bottom, 5: top.
    """

    low: Triple
    high: Triple
    lean: Triple = (0.0, 0.0, 0.0)

    @property
    def extent(self) -> tuple[Triple, Triple]:
        """See `Shape`."""
        return self.low, self.high

    @cached_property
    def planes(self) -> list[tuple[Triple, float]]:
        """Outward unit normal and offset of the six faces; inside means n·p <= offset."""
        rise = self.high[2] - self.low[2]
        side, rear, front = (lean / rise for lean in self.lean)
        slopes = [(-1, 0, side), (1, 0, side), (0, -1, rear), (0, 1, front), (0, 0, -1), (0, 0, 1)]
        planes = []
        for face, slope in enumerate(slopes):
            length = float(np.linalg.norm(slope))
            normal = tuple(float(s) / length for s in slope)
            corner = self.low if face in (0, 2, 4) else (self.high[0], self.high[1], self.low[2])
            planes.append((normal, _dot(normal, *(self.high if face == 5 else corner))))
        return planes

    def intersect(self, rays: Rays) -> tuple[np.ndarray, np.ndarray | int]:
        """The last plane that is entered, if the point there is inside all others."""
        t, face, inner = np.float32(0), 0, []
        for number, (normal, offset) in enumerate(self.planes):
            room = offset - _dot(normal, rays.ox, rays.oy, rays.oz)
            along = _dot(normal, rays.dx, rays.dy, rays.dz)
            if room >= 0:  # the camera is on the inner side: this face can only be left
                inner.append((along, room))
                continue
            entry = np.where(along < -1e-9, room / np.minimum(along, -1e-9), _FAR)
            face = np.where(entry > t, np.uint8(number), face)
            t = np.maximum(t, entry)
        hit = (t > NEAR) & (t < _FAR)
        for along, room in inner:
            hit = hit & (along * t <= room)
        return np.where(hit, t, np.inf), face

    def surface(self, x, y, z, face) -> Surface:
        """The two coordinates that the face is widest in."""
        normals = np.array([normal for normal, _ in self.planes], np.float32)[face]
        sideways, flat = face < 2, face >= 4
        return Surface(np.where(sideways, y, x), np.where(flat, y, z), *normals.T)


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid around the local origin with the given radii in m: crowns, bushes, wheels."""

    radii: Triple

    @property
    def extent(self) -> tuple[Triple, Triple]:
        """See `Shape`."""
        return tuple(-r for r in self.radii), self.radii

    def intersect(self, rays: Rays) -> tuple[np.ndarray, int]:
        """Near root of the quadratic."""
        rx, ry, rz = self.radii
        ox, oy, oz, dx, dy, dz = (c / r for c, r in zip(rays, (rx, ry, rz, rx, ry, rz), strict=True))
        return _near_root(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, ox**2 + oy**2 + oz**2), 0

    def surface(self, x, y, z, face) -> Surface:
        """A skew projection: continuous everywhere, stretched only where it is seen at a grazing angle."""
        nx, ny, nz = (c / r**2 for c, r in zip((x, y, z), self.radii, strict=True))
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        return Surface(x + 0.7 * y, z + 0.4 * y, nx / length, ny / length, nz / length)


@dataclass(frozen=True)
class Cylinder:
    """An upright tube on the local origin, ``radius`` and ``height`` in m: poles and trunks (no lids)."""

    radius: float
    height: float

    @property
    def extent(self) -> tuple[Triple, Triple]:
        """See `Shape`."""
        return (-self.radius, -self.radius, 0.0), (self.radius, self.radius, self.height)

    def intersect(self, rays: Rays) -> tuple[np.ndarray, int]:
        """Near root of the quadratic, cut at both ends."""
        ox, oy, dx, dy = (c / self.radius for c in (rays.ox, rays.oy, rays.dx, rays.dy))
        t = np.minimum(_near_root(dx * dx + dy * dy, ox * dx + oy * dy, ox**2 + oy**2), _FAR)
        z = rays.oz + t * rays.dz
        return np.where((z >= 0) & (z <= self.height) & (t < _FAR), t, np.inf), 0

    def surface(self, x, y, z, face) -> Surface:
        """As for the ellipsoid."""
        return Surface(x + 0.7 * y, z, x / self.radius, y / self.radius, 0.0)


def _near_root(a, b, c):
    """Smaller solution of a·t² + 2·b·t + c = 1, or inf."""
    square = b * b - a * (c - 1.0)
    t = (-b - np.sqrt(np.maximum(square, 0))) / a
    return np.where((square > 0) & (t > NEAR), t, np.inf)


class Part(NamedTuple):
    """A stroke of a figure: all points within ``radius`` of the segment (x0, z0)-(x1, z1); RGB colour."""

    x0: float
    z0: float
    x1: float
    z1: float
    radius: float
    color: Triple


@dataclass(frozen=True)
class Figure:
    """A flat figure in the plane y = 0, drawn of thick strokes, later ones over earlier ones.

    People, bicycles and round signs: at their distance the relief is far below a pixel of disparity.
    """

    parts: tuple[Part, ...]

    @cached_property
    def extent(self) -> tuple[Triple, Triple]:
        """See `Shape`."""
        left = min(min(p.x0, p.x1) - p.radius for p in self.parts)
        right = max(max(p.x0, p.x1) + p.radius for p in self.parts)
        top = max(max(p.z0, p.z1) + p.radius for p in self.parts)
        return (left, 0.0, min(min(p.z0, p.z1) - p.radius for p in self.parts)), (right, 0.0, top)

    def intersect(self, rays: Rays) -> tuple[np.ndarray, np.ndarray]:
        """The plane, wherever a stroke covers it; the face is the number of the stroke."""
        if abs(rays.oy) < NEAR:
            return np.full_like(rays.dy, np.inf), 0
        t = -rays.oy / np.where(np.abs(rays.dy) < 1e-6, np.float32(1e-6), rays.dy)
        x, _, z = rays.at(t)
        face = np.full(np.broadcast_shapes(x.shape, z.shape), 255, np.uint8)
        for number, part in enumerate(self.parts):
            face[self.distance(part, x, z) <= part.radius] = number
        return np.where((face < 255) & (t > NEAR), t, np.inf), face

    @staticmethod
    def distance(part: Part, x, z):
        """Distance of points in the plane from the axis of a stroke, m."""
        dx, dz = part.x1 - part.x0, part.z1 - part.z0
        length = dx * dx + dz * dz
        along = np.clip(((x - part.x0) * dx + (z - part.z0) * dz) / length, 0, 1) if length else 0.0
        return np.hypot(x - part.x0 - along * dx, z - part.z0 - along * dz)

    def surface(self, x, y, z, face) -> Surface:
        """The plane itself."""
        return Surface(x, z, 0.0, -1.0, 0.3)
