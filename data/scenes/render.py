"""From a world to a stereo pair with labels, instances and exact disparity."""

import zlib
from dataclasses import dataclass

import numpy as np
from cityscapesscripts.helpers.labels import name2label

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.scenes.raster import Buffers, rasterise
from selfsup_segmentation.data.scenes.rig import CITYSCAPES_RIG, Rig, View
from selfsup_segmentation.data.scenes.shade import paint_view
from selfsup_segmentation.data.scenes.world import World, build_world

SMALLEST = (64, 32)


@dataclass(frozen=True, eq=False)
class Scene:
    """One exposure of the rig over a random street.

    Attributes:
        left, right: RGB images [H, W, 3], uint8.
        labels: Cityscapes label ids [H, W] of the left view, uint8.
        instances: Cityscapes coding [H, W], uint16: the label id for stuff, ``id * 1000 + k`` for things.
        disparity: of the left view [H, W], float32, px: left (x, y) is right (x - d, y). 0 for the sky,
            NaN where there is no measurement (on the bonnet and out of roi).
        occluded: [H, W], bool: left pixels with a disparity whose surface point the right view does not
            show, because something nearer hides it or because it lies outside the image.
    """

    left: np.ndarray
    right: np.ndarray
    labels: np.ndarray
    instances: np.ndarray
    disparity: np.ndarray
    occluded: np.ndarray


def render_scene(
    seed: int, split: str, index: int, size: tuple[int, int], rig: Rig = CITYSCAPES_RIG
) -> Scene:
    """Render one frame; the result is a pure function of the arguments.

    Args:
        seed: of the whole data set, >= 0.
        split: any name; frames of different splits have nothing in common.
        index: number of the frame in its split, >= 0. The world does not depend on ``size``.
        size: (width, height) in px, at least 64 × 32.
        rig: the cameras; scaled to ``size``.

    Raises:
        InputError: a size, seed or index out of range.
    """
    check_arguments(seed, size)
    if index < 0:
        raise InputError(f"Frame index {index} is negative; count frames from 0.")
    rig = rig.scaled(size)
    entropy = np.random.SeedSequence((seed, zlib.crc32(split.encode()), index))
    world_rng, left_rng, right_rng = (np.random.default_rng(child) for child in entropy.spawn(3))
    world = build_world(world_rng, index)
    views = View.of(rig, 0.0), View.of(rig, rig.baseline)
    buffers = [rasterise(world.solids, view) for view in views]
    hood, border = _hood(rig), _border(rig)
    left, right = (
        _expose(paint_view(world, view, buffer), hood, world, rng)
        for view, buffer, rng in zip(views, buffers, (left_rng, right_rng), strict=True)
    )
    disparity, matched = (_disparity(buffer, rig, hood) for buffer in buffers)
    labels, instances = _annotate(world, buffers[0])
    for mask, name in ((hood, "ego vehicle"), (border, "out of roi")):
        labels[mask] = instances[mask] = name2label[name].id
    occluded = _occluded(disparity, buffers[0].owner, matched, buffers[1].owner)
    unknown = hood | border
    disparity[unknown] = np.nan
    return Scene(left, right, labels, instances, disparity, occluded & ~unknown)


def check_arguments(seed: int, size: tuple[int, int]) -> None:
    """Refuse what cannot be rendered.

    Raises:
        InputError: too small a size, negative seed.
    """
    width, height = size
    if width < SMALLEST[0] or height < SMALLEST[1]:
        smallest = "{}x{}".format(*SMALLEST)
        raise InputError(f"Scene size {width}x{height} is too small; give {smallest} or more.")
    if seed < 0:
        raise InputError(f"Seed {seed} is negative; give 0 or more.")


def _hood(rig: Rig) -> np.ndarray:
    """Pixels [H, W] that the ego vehicle covers: an arch at the bottom, alike in both views."""
    u = (np.arange(rig.width)[None, :] + 0.5) / rig.width - 0.52
    v = 1 - (np.arange(rig.height)[:, None] + 0.5) / rig.height
    return v < rig.bonnet * (1 - 1.6 * u * u)


def _border(rig: Rig) -> np.ndarray:
    """Pixels [H, W] at the rim of the image."""
    mask, wide = np.zeros((rig.height, rig.width), bool), round(rig.border)
    if wide:
        mask[:wide] = mask[-wide:] = mask[:, :wide] = mask[:, -wide:] = True
    return mask


def _disparity(buffer: Buffers, rig: Rig, hood: np.ndarray) -> np.ndarray:
    """Exact disparity [H, W], px; infinite on the bonnet, which hides whatever is behind it."""
    return np.where(hood, np.inf, rig.disparity_of_one_metre / buffer.depth).astype(np.float32)


def _occluded(left: np.ndarray, owner: np.ndarray, right: np.ndarray, right_owner: np.ndarray) -> np.ndarray:
    """Left pixels that another, nearer surface hides at their place in the right view."""
    height, width = left.shape
    column = np.arange(width) - np.where(np.isfinite(left), left, 0)
    outside = column < -0.5
    nearest = np.clip(np.rint(column), 0, width - 1).astype(np.intp)
    row = np.arange(height)[:, None]
    # Half a pixel: a smaller step in disparity hides no pixel, and slanted surfaces stay below it.
    hidden = (right[row, nearest] > left + 0.5) & (right_owner[row, nearest] != owner)
    return outside | hidden


def _annotate(world: World, buffer: Buffers) -> tuple[np.ndarray, np.ndarray]:
    """Label ids and instance ids; instances are counted per class among those that are seen."""
    label_of = np.array([solid.label_id for solid in world.solids] + [name2label["sky"].id], np.uint16)
    coding, seen = label_of.copy(), np.zeros(len(label_of), bool)
    seen[np.unique(buffer.owner)] = True
    counted: dict[int, dict[int, int]] = {}
    for number, solid in enumerate(world.solids):
        if seen[number] and name2label[solid.label].hasInstances:
            known = counted.setdefault(solid.label_id, {})
            coding[number] = solid.label_id * 1000 + known.setdefault(solid.thing, len(known))
    return label_of[buffer.owner].astype(np.uint8), coding[buffer.owner]


def _expose(image: np.ndarray, hood: np.ndarray, world: World, rng: np.random.Generator) -> np.ndarray:
    """The sensor: bonnet, slight blur of the lens, exposure, noise, 8 bits."""
    height = image.shape[0]
    rise = np.linspace(1.0, 0.0, height, dtype=np.float32)[:, None, None]
    gloss = (26 + 150 * rise) * np.asarray(world.light.horizon, np.float32) / 230
    image = np.where(hood[..., None], gloss, image)
    image = _blur(_blur(image, 0), 1) * np.asarray(world.light.gains, np.float32)
    image += rng.standard_normal(image.shape, np.float32) * np.float32(1.2)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _blur(image: np.ndarray, axis: int) -> np.ndarray:
    """Three taps (1, 6, 1) / 8 along an axis; the rim is repeated."""
    moved = np.moveaxis(image, axis, 0)
    padded = np.concatenate([moved[:1], moved, moved[-1:]])
    return np.moveaxis(0.75 * moved + 0.125 * (padded[:-2] + padded[2:]), 0, axis)
