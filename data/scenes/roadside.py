"""What stands beside the road: houses, barriers, plants, posts, signs, signals, bins."""

import math

from selfsup_segmentation.data.scenes import paints
from selfsup_segmentation.data.scenes.placing import Place, Random, pick
from selfsup_segmentation.data.scenes.shapes import Block, Cylinder, Ellipsoid
from selfsup_segmentation.data.scenes.solid import Solid
from selfsup_segmentation.data.scenes.textures import Paint

WALLS = [(186, 172, 148), (150, 142, 134), (205, 196, 178), (128, 118, 112), (172, 140, 112), (140, 146, 150)]
BRICKS = [(138, 84, 66), (120, 72, 60), (150, 108, 84), (116, 100, 90)]
ROOFS = [(112, 62, 50), (84, 76, 74), (70, 68, 72), (128, 84, 66)]


def house(rng: Random, place: Place, width: float, depth: float) -> list[Solid]:
    """A house whose front is the local face -y, ``width`` m wide and ``depth`` m deep, flat or gabled."""
    storey, floors = rng.uniform(2.9, 3.5), int(rng.integers(2, 6))
    wall = (
        paints.masonry(pick(rng, BRICKS), rng.uniform(0.18, 0.3))
        if rng.random() < 0.4
        else paints.rough(pick(rng, WALLS), 0.12)
    )
    glass = pick(rng, [(62, 70, 80), (90, 104, 118), (46, 48, 52), (120, 128, 132)])
    frame = pick(rng, [(214, 212, 204), (90, 70, 54), (60, 62, 64)])
    window = (rng.uniform(1.9, 3.1), storey, rng.uniform(0.38, 0.7))
    roof = paints.masonry(pick(rng, ROOFS), 0.35)
    top = floors * storey + 0.3
    front = paints.facade(wall, glass, frame, window, roof)
    solids = [place.solid(Block((-width / 2, 0, 0), (width / 2, depth, top)), "building", front)]
    if rng.random() < 0.6:
        gable = Block(
            (-width / 2 - 0.1, -0.35, top), (width / 2 + 0.1, depth, top + 2.6), (0.0, depth / 2, depth / 2)
        )
        solids.append(place.solid(gable, "building", roof))
    return solids


def barrier(rng: Random, place: Place, length: float, label: str) -> list[Solid]:
    """A wall, fence, guard rail or hedge of ``length`` m along local x."""
    if label == "wall":
        height = rng.uniform(1.3, 2.8)
        paint = (
            paints.masonry(pick(rng, BRICKS + WALLS), rng.uniform(0.2, 0.45))
            if rng.random() < 0.6
            else paints.rough(pick(rng, WALLS), 0.13)
        )
    elif label == "fence":
        height = rng.uniform(1.1, 2.0)
        color = pick(rng, [(120, 92, 66), (70, 74, 72), (176, 176, 170), (60, 90, 66)])
        paint = paints.bars(
            color, pick(rng, [(52, 60, 44), (84, 84, 78)]), rng.uniform(0.16, 0.4), 0.11, height
        )
    elif label == "guard rail":
        height, paint = 0.8, paints.bars((150, 152, 152), (96, 98, 92), 2.0, 0.2, 0.8)
    else:
        height, paint = rng.uniform(0.9, 2.2), leaves(rng, 0.16)
    thickness = 0.9 if label == "vegetation" else 0.15
    return [place.solid(Block((-length / 2, 0, 0), (length / 2, thickness, height)), label, paint)]


def leaves(rng: Random, clump: float) -> Paint:
    """Foliage between dark green and yellow-green, brown now and then."""
    bright = pick(rng, [(122, 140, 62), (104, 130, 66), (140, 146, 74), (150, 122, 62)])
    return paints.foliage(pick(rng, [(34, 46, 24), (40, 44, 28)]), bright, clump)


def tree(rng: Random, place: Place, scale: float = 1.0) -> list[Solid]:
    """A trunk and a crown of several overlapping lumps; all of it is "vegetation", as in Cityscapes."""
    height, spread = scale * rng.uniform(5.5, 10), scale * rng.uniform(1.5, 2.9)
    bark, crown = paints.rough(pick(rng, [(74, 62, 50), (92, 86, 78)]), 0.2), leaves(rng, 0.22 * scale)
    middle = height - 0.9 * spread
    trunk = Cylinder(rng.uniform(0.1, 0.2) * scale, middle)
    solids = [place.solid(trunk, "vegetation", bark)]
    for number in range(int(rng.integers(6, 10))):
        away = spread * rng.uniform(0.4, 0.75) * (number > 0)
        radius = spread * rng.uniform(0.35, 0.6) if number else 0.85 * spread
        angle, rise = rng.uniform(0, 2 * math.pi), spread * rng.uniform(-0.6, 0.8) * (number > 0)
        at = (away * math.cos(angle), away * math.sin(angle), middle + rise)
        lump = Ellipsoid((radius, radius, radius * rng.uniform(0.7, 1.1)))
        solids.append(place.solid(lump, "vegetation", crown, at))
    return solids


def bush(rng: Random, place: Place) -> list[Solid]:
    """A low round plant."""
    size = rng.uniform(0.5, 1.1)
    return [place.solid(Ellipsoid((size, size, 0.9 * size)), "vegetation", leaves(rng, 0.14), (0, 0, 0.4))]


def lamp_post(rng: Random, place: Place) -> list[Solid]:
    """A street lamp with an arm over the road (towards local -x)."""
    metal = paints.rough(pick(rng, [(96, 100, 100), (130, 132, 130), (60, 66, 62)]), 0.12)
    height = rng.uniform(5.5, 8)
    arm = Block((-1.5, -0.05, height - 0.12), (0.05, 0.05, height))
    return [
        place.solid(Cylinder(rng.uniform(0.07, 0.11), height), "pole", metal),
        place.solid(arm, "pole", metal),
    ]


def traffic_sign(rng: Random, place: Place) -> list[Solid]:
    """One or two plates on a post: red triangle, yellow or blue or red-and-white board."""
    height = rng.uniform(2.1, 2.6)
    post = place.solid(Cylinder(0.045, height), "pole", paints.rough((126, 128, 128), 0.1), (0, 0.06, 0))
    solids, z = [post], height
    for _ in range(int(rng.integers(1, 3))):
        kind = int(rng.integers(4))
        half = rng.uniform(0.3, 0.45)
        tall = 2 * half if kind != 1 else half * 1.2
        rim, field = [
            ((190, 32, 34), (226, 222, 212)),
            ((228, 186, 30), (236, 200, 50)),
            ((36, 80, 160), (40, 90, 178)),
            ((190, 32, 34), (222, 216, 206)),
        ][kind]
        board = Block((-half, -0.02, 0), (half, 0.02, tall), (half if kind == 0 else 0.0, 0, 0))
        paint = paints.plate(rim, field, half, tall, triangle=kind == 0)
        solids.append(place.solid(board, "traffic sign", paint, (0, 0, z)))
        z += tall + 0.06
    return solids


def traffic_light(rng: Random, place: Place) -> list[Solid]:
    """A signal on a post."""
    post = place.solid(Cylinder(0.06, 2.5), "pole", paints.rough((104, 106, 104), 0.1), (0, 0.12, 0))
    head = Block((-0.17, -0.1, 0), (0.17, 0.1, 0.92))
    return [post, place.solid(head, "traffic light", paints.lamps(int(rng.integers(3))), (0, 0, 2.35))]


def street_bin(rng: Random, place: Place) -> list[Solid]:
    """A bin or a switch box: label "static", which no run is trained on."""
    box = Block((-0.3, -0.25, 0), (0.3, 0.25, rng.uniform(0.8, 1.3)))
    return [
        place.solid(box, "static", paints.rough(pick(rng, [(60, 72, 62), (120, 120, 116), (90, 70, 50)])))
    ]
