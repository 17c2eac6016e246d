"""Colours of what a view sees: paint, light, shadow and haze."""

import math

import numpy as np

from selfsup_segmentation.data.scenes.raster import Buffers
from selfsup_segmentation.data.scenes.rig import Rays, View
from selfsup_segmentation.data.scenes.shapes import Surface
from selfsup_segmentation.data.scenes.solid import Solid
from selfsup_segmentation.data.scenes.street import Strip
from selfsup_segmentation.data.scenes.textures import Hits, mix
from selfsup_segmentation.data.scenes.world import World


def paint_view(world: World, view: View, buffers: Buffers) -> np.ndarray:
    """The image [H, W, 3] before exposure, float32, about 0..255."""
    owner = buffers.owner.ravel()
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(world.solids) + 2))
    image = np.empty((owner.size, 3), np.float32)
    sky = order[starts[-2] : starts[-1]]
    image[sky] = _sky(world, view.rays_of(sky), view.rig.focal)
    depth, face = buffers.depth.ravel(), buffers.face.ravel()
    for number, solid in enumerate(world.solids):
        pixels = order[starts[number] : starts[number + 1]]
        if pixels.size:
            rays = view.rays_of(pixels)
            image[pixels] = _shade(world, solid, rays, depth[pixels], face[pixels], view.rig.focal)
    return image.reshape(*buffers.depth.shape, 3)


def _shade(world: World, solid: Solid, rays: Rays, depth, face, focal: float) -> np.ndarray:
    """Lambert's law on painted surface points [N]; nothing depends on the viewing direction but haze."""
    local = solid.to_local(rays)
    points = local.at(depth)
    surface = solid.shape.surface(*points, face)
    pixel = _pixel_width(local, surface, depth / focal, solid.yaw)
    color = solid.paint(
        Hits(*points, surface.a, surface.b, face, pixel, world.noise, np.float32(solid.shift))
    )
    light, sun = world.light, world.light.sun
    normal = solid.to_world(surface.nx, surface.ny, surface.nz)
    lit = np.maximum(sum(n * s for n, s in zip(normal, sun, strict=True)), 0.0)
    strength = light.ambient + light.direct * lit
    if isinstance(solid.shape, Strip):
        strength = strength * _ground_shadow(world, points[0], points[1], surface.a)
    color = color * np.asarray(strength, np.float32).reshape(-1, 1)
    return mix(color, light.horizon, 1 - np.exp(-depth / light.visibility))


def _pixel_width(rays: Rays, surface: Surface, metre: np.ndarray, yaw: float) -> np.ndarray:
    """Size of a pixel on the surface, m: its width, or the mean of width and height where it is tall.

    A step of one pixel moves the hit by ``metre`` times (e - r·(n·e)/(n·r)), e the image axis, r the ray.
    Width counts for more because stereo matching compares pixels of one row.
    """
    normal = surface.nx, surface.ny, surface.nz
    ray = rays.dx, rays.dy, rays.dz
    facing = sum(n * r for n, r in zip(normal, ray, strict=True))
    facing = np.where(np.abs(facing) < 1e-3, np.float32(1e-3), facing)

    def step(axis):
        slope = sum(n * e for n, e in zip(normal, axis, strict=True)) / facing
        return metre * np.sqrt(sum((e - r * slope) ** 2 for e, r in zip(axis, ray, strict=True)))

    wide, tall = step((math.cos(yaw), -math.sin(yaw), 0.0)), step((0.0, 0.0, 1.0))
    return np.maximum(wide, np.sqrt(wide * tall)).astype(np.float32)


def _ground_shadow(world: World, x, y, lateral) -> np.ndarray:
    """Light that reaches the ground [N], 1 where nothing stands in between."""
    low, high = world.light.shade
    ragged = 1.3 * world.noise.smooth(y / 9.0, y / 31.0 + 5.0) + 0.3 * world.noise.smooth(y / 1.7, lateral)
    lateral = lateral + ragged
    soft = np.clip((lateral - low) / 0.5, 0, 1) * np.clip((high - lateral) / 0.5, 0, 1)
    clear = 1 - 0.55 * world.light.direct * soft
    for shadow in world.shadows:
        place = shadow.place
        sin, cos = math.sin(place.yaw), math.cos(place.yaw)
        near = np.flatnonzero(np.abs(y - place.y) < shadow.along + 3)
        if not near.size:
            continue
        dx, dy = x[near] - place.x, y[near] - place.y
        across = np.abs(dx * cos + dy * sin) - shadow.across
        along = np.abs(dy * cos - dx * sin) - shadow.along
        cover = np.clip(0.5 - across / 0.5, 0, 1) * np.clip(0.5 - along / 0.5, 0, 1)
        clear[near] *= 1 - shadow.strength * cover
    return clear


def _sky(world: World, rays: Rays, focal: float) -> np.ndarray:
    """Gradient and clouds by direction alone: the sky has no parallax."""
    light = world.light
    elevation = rays.dz / np.hypot(rays.dx, rays.dy)
    azimuth = rays.dx / rays.dy
    base = mix(np.asarray(light.horizon, np.float32)[None], light.zenith, np.clip(2.2 * elevation, 0, 1))
    cloud, noise = np.zeros_like(azimuth), world.noise
    for octave, spacing in enumerate((0.35, 0.14, 0.05, 0.02)):
        if spacing * focal > 2:
            cloud += 0.6**octave * noise.smooth(azimuth / spacing, 2.5 * elevation / spacing + octave)
    return mix(base, (226, 228, 230), light.clouds * np.clip(0.35 + 0.55 * cloud, 0, 1))
