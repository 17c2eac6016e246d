"""Procedural textures: functions of metres on the surface, filtered to what a pixel can resolve.

A paint takes `Hits` and returns colours [N, 3], float32, 0..255, before any light. The same surface point has
the same colour in both views, which is what photometric stereo matching rests on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Color = tuple[float, float, float]


class Noise:
    """Value noise: random numbers on a square lattice, joined smoothly; roughly in -1..1."""

    _SIDE = 256

    def __init__(self, rng: np.random.Generator):
        table = rng.uniform(-1, 1, (self._SIDE, self._SIDE)).astype(np.float32)
        self._table = table.ravel()
        # The four corners of each lattice cell side by side: one look-up instead of four.
        rolled = [np.roll(table, (-i, -j), (0, 1)).ravel() for i in (0, 1) for j in (0, 1)]
        self._corners = np.stack(rolled, -1)

    def cell(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """The random number of lattice point (i, j), repeated every 256 points."""
        i, j = np.asarray(i).astype(np.int32), np.asarray(j).astype(np.int32)
        return self._table[(i & 255) * self._SIDE + (j & 255)]

    def smooth(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Noise with lattice spacing 1 at (a, b)."""
        floor_a, floor_b = np.floor(a), np.floor(b)
        fa, fb = a - floor_a, b - floor_b
        fa, fb = fa * fa * (3 - 2 * fa), fb * fb * (3 - 2 * fb)
        i, j = floor_a.astype(np.int32) & 255, floor_b.astype(np.int32) & 255
        corner = self._corners[i * self._SIDE + j]
        near, near_b, far, far_b = corner.T
        near = near + (near_b - near) * fb
        far = far + (far_b - far) * fb
        return near + (far - near) * fa


@dataclass(frozen=True, eq=False)
class Hits:
    """Surface points [N] of one solid, as its paint sees them.

    Attributes:
        x, y, z: local coordinates, m.
        a, b: surface coordinates, m.
        face: number of the face or part.
        pixel: width of a pixel on the surface, m.
        noise: the scene's noise.
        shift: offset that keeps the noise of different solids apart, m.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    a: np.ndarray
    b: np.ndarray
    face: np.ndarray
    pixel: np.ndarray
    noise: Noise
    shift: float

    def grain(self, *spacings: float, stretch: float = 1.0) -> np.ndarray:
        """Sum of noise octaves with these lattice spacings in m; each fades out below 1.5-3 px.

        ``stretch`` > 1 draws the pattern out along b.
        """
        a = self.a + (self.shift + np.float32(17.3) * self.face)
        b = self.b / stretch
        total = np.zeros_like(self.a)
        finest = float(self.pixel.min())
        for spacing in spacings:
            if spacing > 1.5 * finest:
                gain = np.clip(spacing / (1.5 * self.pixel) - 1, 0, 1)
                total += gain * self.noise.smooth(a / spacing, b / spacing + 31.7 * spacing)
        return total

    def band(self, value: np.ndarray, low: float, high: float) -> np.ndarray:
        """How much of a pixel lies in low..high: 0..1."""
        start, end = (value - low) / self.pixel + 0.5, (high - value) / self.pixel + 0.5
        return np.clip(start, 0, 1) * np.clip(end, 0, 1)

    def stripes(self, value: np.ndarray, period: float, low: float, high: float) -> np.ndarray:
        """As `band`, repeated; tends to the mean where a pixel is as wide as the period."""
        mean = (high - low) / period
        resolved = np.clip(period / (2 * self.pixel) - 0.5, 0, 1)
        return mean + resolved * (self.band(np.mod(value, period), low, high) - mean)


Paint = Callable[[Hits], np.ndarray]


def tint(color: Color, factor: np.ndarray) -> np.ndarray:
    """``color`` times a factor [N]."""
    return np.asarray(color, np.float32) * np.asarray(factor, np.float32)[:, None]


def mix(below: np.ndarray, above: np.ndarray | Color, share: np.ndarray) -> np.ndarray:
    """``above`` over ``below`` with opacity ``share`` [N]."""
    return below + (np.asarray(above, np.float32) - below) * np.asarray(share, np.float32)[:, None]
