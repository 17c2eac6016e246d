"""The light that a scene is seen in."""

import math
from dataclasses import dataclass

from selfsup_segmentation.data.scenes.placing import Random
from selfsup_segmentation.data.scenes.street import Street
from selfsup_segmentation.data.scenes.textures import Color


@dataclass(frozen=True)
class Light:
    """Illumination of a scene.

    Attributes:
        sun: unit vector towards the sun.
        ambient, direct: strength of sky light and of sunlight (their sum is about 1.1).
        gains: brightness and white balance, one factor a channel.
        zenith, horizon: sky colours; ``clouds`` is how much of the sky is clouded, 0..1.
        shade: bounds of the lateral range, m, that the houses keep out of the sun.
        visibility: distance in m at which haze takes 63 %.
    """

    sun: tuple[float, float, float]
    ambient: float
    direct: float
    gains: Color
    zenith: Color
    horizon: Color
    clouds: float
    shade: tuple[float, float]
    visibility: float

    @classmethod
    def sample(cls, rng: Random, street: Street) -> "Light":
        """From a dull day to low evening sun."""
        azimuth, elevation = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(22, 60))
        flat = math.cos(elevation)
        sun = (flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation))
        ambient = rng.uniform(0.45, 0.9)
        bright, warm = rng.uniform(0.72, 1.12), rng.uniform(-0.07, 0.07)
        dull = rng.random() < 0.5
        zenith = (168, 176, 184) if dull else (104, 142, 190)
        horizon = (208, 212, 214) if dull else (188, 206, 222)
        edge, side = rng.uniform(0.1, 1.0) * street.half, 1 if sun[0] > 0 else -1
        shade = (edge, 99.0) if side > 0 else (-99.0, -edge)
        gains = (bright * (1 + warm), bright, bright * (1 - warm))
        clouds, visibility = rng.uniform(0.1, 1.0), rng.uniform(250, 700)
        return cls(sun, ambient, 1.1 - ambient, gains, zenith, horizon, clouds, shade, visibility)
