"""Where an object stands and how its colours are drawn: what all builders share.

A builder takes the random generator and a `Place` and returns the solids of one object.
"""

import math
from typing import NamedTuple

import numpy as np

from selfsup_segmentation.data.scenes.shapes import Shape
from selfsup_segmentation.data.scenes.solid import Solid
from selfsup_segmentation.data.scenes.textures import Color, Paint

Random = np.random.Generator


class Place(NamedTuple):
    """A spot on the ground (m), a heading (rad), and the number of the object that stands there."""

    x: float
    y: float
    yaw: float
    thing: int = 0

    def solid(self, shape: Shape, label: str, paint: Paint, at=(0.0, 0.0, 0.0)) -> Solid:
        """A part of the object at the local offset ``at``, m."""
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        x, y = self.x + at[0] * cos - at[1] * sin, self.y + at[0] * sin + at[1] * cos
        return Solid(shape, label, paint, (x, y, at[2]), self.yaw, self.thing)

    def turned(self, angle: float) -> "Place":
        """The same spot with another heading."""
        return self._replace(yaw=self.yaw + angle)


def pick(rng: Random, colors: list[Color], spread: float = 0.12) -> Color:
    """One of the colours, a little brighter or darker and a little off in hue."""
    color = colors[int(rng.integers(len(colors)))]
    gain = rng.uniform(1 - spread, 1 + spread)
    return tuple(float(np.clip(c * gain * rng.uniform(0.95, 1.05), 8, 240)) for c in color)


def vivid(rng: Random) -> Color:
    """A saturated colour of any hue."""
    hue, low = rng.uniform(0, 2 * math.pi), rng.uniform(30, 85)
    high = rng.uniform(110, 195)
    return tuple(low + (high - low) * (0.5 + 0.5 * math.cos(hue + k * 2.094)) for k in range(3))
