"""A solid: a shape that stands somewhere, with its label, its paint and the thing it is a part of."""

import math
from dataclasses import dataclass

from cityscapesscripts.helpers.labels import name2label

from selfsup_segmentation.data.scenes.rig import Rays
from selfsup_segmentation.data.scenes.shapes import Shape
from selfsup_segmentation.data.scenes.textures import Paint


@dataclass(frozen=True, eq=False)
class Solid:
    """A shape in the world.

    Attributes:
        shape: geometry in its own frame.
        label: Cityscapes label name.
        paint: colours of its surface.
        position: where the origin of the shape stands, m.
        yaw: rotation about the vertical, counter-clockwise from above, rad.
        thing: number of the object that it is a part of; 0 for stuff.
    """

    shape: Shape
    label: str
    paint: Paint
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    thing: int = 0

    @property
    def label_id(self) -> int:
        """Cityscapes label id."""
        return name2label[self.label].id

    @property
    def shift(self) -> float:
        """Offset of its noise, so that no two solids look the same."""
        return (self.position[0] * 13.7 + self.position[1] * 7.9) % 200.0

    def to_local(self, rays: Rays) -> Rays:
        """World rays in the frame of the shape."""
        if self.yaw == 0.0 and self.position == (0.0, 0.0, 0.0):
            return rays
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        x, y = rays.ox - self.position[0], rays.oy - self.position[1]
        return Rays(
            x * cos + y * sin,
            y * cos - x * sin,
            rays.oz - self.position[2],
            rays.dx * cos + rays.dy * sin,
            rays.dy * cos - rays.dx * sin,
            rays.dz,
        )

    def to_world(self, x, y, z):
        """A local direction in the world."""
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        return x * cos - y * sin, x * sin + y * cos, z
