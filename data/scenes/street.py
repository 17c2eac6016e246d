"""The street: its axis, its cross-section, and the ground strips that follow from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfsup_segmentation.data.scenes import paints
from selfsup_segmentation.data.scenes.placing import Place, Random, pick
from selfsup_segmentation.data.scenes.rig import Rays
from selfsup_segmentation.data.scenes.shapes import NEAR, Surface
from selfsup_segmentation.data.scenes.solid import Solid


@dataclass(frozen=True)
class Strip:
    """A lane of the ground plane z = 0: ``low <= lateral(x, y) < high``, except where a side street crosses.

    Attributes:
        lateral: distance from the street's axis, m, of world points.
        low, high: bounds of the strip, m.
        crossing: range of y, m, that a side street takes; empty if its end is not above its begin.
        crosses: True for the road, which fills the crossing, False for what is interrupted by it.
    """

    lateral: Callable[[np.ndarray, np.ndarray], np.ndarray]
    low: float
    high: float
    crossing: tuple[float, float]
    crosses: bool = False

    extent = None

    def intersect(self, rays: Rays) -> tuple[np.ndarray, int]:
        """The plane below the horizon, wherever it belongs to this strip."""
        below = rays.dz < -1e-6
        t = np.where(below, -rays.oz / np.where(below, rays.dz, np.float32(-1)), np.float32(1e6))
        x, y, _ = rays.at(t)
        offset = self.lateral(x, y)
        own = (offset >= self.low) & (offset < self.high)
        inside = (y > self.crossing[0]) & (y < self.crossing[1])
        own = (own | inside) if self.crosses else (own & ~inside)
        return np.where(own & below & (t > NEAR), t, np.inf), 0

    def surface(self, x, y, z, face) -> Surface:
        """Across and along the street."""
        return Surface(self.lateral(x, y), y, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Side:
    """What follows the lanes towards one edge, widths in m, from the lanes outwards."""

    parking: float
    parking_label: str
    grass: float
    sidewalk: float
    setback: float


@dataclass(frozen=True)
class Street:
    """A gently curved street on the plane z = 0; the camera drives in the first lane to the right.

    Attributes:
        origin, heading, bend: axis x(y) = origin + heading·y + bend·y²/2, m.
        lanes: lanes per direction; ``lane`` is the width of one, m.
        rails: half width of a track bed in the middle, m; 0 for none.
        crossing: range of y of a side street, m; empty if the end is not above the begin.
        left, right: what lies beyond the lanes.
    """

    origin: float
    heading: float
    bend: float
    lanes: int
    lane: float
    rails: float
    crossing: tuple[float, float]
    left: Side
    right: Side

    @classmethod
    def sample(cls, rng: Random, tram: bool) -> "Street":
        """A random street; with a track bed where a ``tram`` is to come."""
        lanes, lane = 1 + int(rng.random() < 0.4), rng.uniform(3.0, 3.6)
        rails = 1.6 if tram else 0.0
        start = rng.uniform(16, 45)
        crossing = (start, start + rng.uniform(7, 10)) if rng.random() < 0.35 else (0.0, 0.0)
        sides = [
            Side(
                parking=2.3 if rng.random() < 0.4 else 0.0,
                parking_label="parking" if rng.random() < 0.25 else "road",
                grass=rng.uniform(0.9, 2.4) if rng.random() < 0.45 else 0.0,
                sidewalk=rng.uniform(2.4, 6.0),
                setback=rng.uniform(0.0, 4.0) if rng.random() < 0.5 else 0.0,
            )
            for _ in range(2)
        ]
        origin = -(rails + lane / 2) + rng.uniform(-0.4, 0.4)
        bend = rng.uniform(-0.0035, 0.0035)
        return cls(origin, rng.uniform(-0.06, 0.06), bend, lanes, lane, rails, crossing, *sides)

    def side(self, sign: int) -> Side:
        """The left (-1) or right (+1) edge."""
        return self.left if sign < 0 else self.right

    @property
    def half(self) -> float:
        """Distance from the axis to the end of the lanes, m."""
        return self.rails + self.lanes * self.lane

    def lateral(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Distance of world points from the axis, m, positive to the right."""
        return x - (self.origin + self.heading * y + 0.5 * self.bend * y * y)

    def place(self, lateral: float, y: float, thing: int = 0) -> Place:
        """The spot at a distance from the axis, heading along the street."""
        x = self.origin + self.heading * y + 0.5 * self.bend * y * y + lateral
        return Place(x, y, -math.atan(self.heading + self.bend * y), thing)

    def kerb(self, sign: int) -> float:
        """Distance from the axis to the kerb, m."""
        return self.half + self.side(sign).parking

    def front(self, sign: int) -> float:
        """Distance from the axis to the house fronts, m."""
        side = self.side(sign)
        return self.kerb(sign) + side.grass + side.sidewalk + side.setback

    def in_crossing(self, y: float, margin: float = 0.0) -> bool:
        """Whether the side street takes this y."""
        return self.crossing[1] > self.crossing[0] and (
            self.crossing[0] - margin < y < self.crossing[1] + margin
        )

    def strips(self, rng: Random) -> list[Solid]:
        """The ground, from the left horizon to the right one, without gaps."""
        grey = rng.uniform(82, 122)
        road = (grey, grey * rng.uniform(0.98, 1.03), grey * rng.uniform(0.98, 1.06))
        asphalt = paints.asphalt(road, self._markings(), self.crossing)
        lawn = paints.foliage((52, 62, 34), pick(rng, [(128, 138, 74), (146, 140, 92), (110, 128, 62)]), 0.09)
        stone = pick(rng, [(146, 142, 138), (128, 126, 126), (156, 144, 130), (118, 116, 118)])
        slab = rng.uniform(0.3, 0.9)

        def ground(low, high, label, paint, crosses=False):
            return Solid(Strip(self.lateral, low, high, self.crossing, crosses), label, paint)

        solids = [ground(-self.half, self.half, "road", asphalt, crosses=True)]
        if self.rails:
            bed = paints.rails((104, 98, 92), (-0.72, 0.72))
            solids[:1] = [
                ground(-self.half, -self.rails, "road", asphalt, crosses=True),
                ground(-self.rails, self.rails, "rail track", bed),
                ground(self.rails, self.half, "road", asphalt),
            ]
        for sign in (-1, 1):
            side, kerb = self.side(sign), sign * self.kerb(sign)
            walk = paints.paving(stone, slab, kerb)
            start = self.half
            for width, label, paint in (
                (side.parking, side.parking_label, asphalt),
                (side.grass, "terrain", lawn),
                (side.sidewalk, "sidewalk", walk),
                (500.0, "terrain", lawn),
            ):
                if width:
                    low, high = sorted((sign * start, sign * (start + width)))
                    solids.append(ground(low, high, label, paint))
                start += width
        return solids

    def _markings(self) -> list[tuple[float, float, float]]:
        edges = [(-self.half, 0.14, 0.0), (self.half, 0.14, 0.0)]
        if not self.rails:
            edges.append((0.0, 0.14, 4.0))
        between = self.rails + self.lane
        return edges + [(sign * between, 0.13, 3.0) for sign in (-1, 1) if self.lanes > 1]
