"""The random world: a street, what stands and drives in it, and the light it is seen in."""

import math
from dataclasses import dataclass, field

import numpy as np

from selfsup_segmentation.data.scenes import figures, roadside, vehicles
from selfsup_segmentation.data.scenes.light import Light
from selfsup_segmentation.data.scenes.placing import Place, Random
from selfsup_segmentation.data.scenes.solid import Solid
from selfsup_segmentation.data.scenes.street import Street
from selfsup_segmentation.data.scenes.textures import Noise

REACH = 120.0  # m; how far the street is furnished before the backdrop closes it
SPECIALS = ("train", "bus", "truck", "motorcycle", "bicycle", "none")


@dataclass(frozen=True)
class Shadow:
    """A soft dark patch on the ground under an object: its place and half width and length, m."""

    place: Place
    across: float
    along: float
    strength: float


@dataclass(eq=False)
class World:
    """Everything that is to be rendered."""

    street: Street
    light: Light
    noise: Noise
    solids: list[Solid] = field(default_factory=list)
    shadows: list[Shadow] = field(default_factory=list)
    things: int = 0

    def next_thing(self) -> int:
        """The number of a new object; 0 is kept for stuff."""
        self.things += 1
        return self.things


def build_world(rng: Random, index: int) -> World:
    """Draw the world of frame ``index``.

    The index alone decides which rare kind of traffic participant and which kind of barrier is put where it
    will be seen, so that a few dozen frames have all classes; all else is chance.
    """
    special = SPECIALS[index % len(SPECIALS)]
    street = Street.sample(rng, tram=special == "train" or rng.random() < 0.08)
    world = World(street, Light.sample(rng, street), Noise(rng))
    world.solids += street.strips(rng)
    for sign in (-1, 1):
        _edge(rng, world, sign, forced=index if sign == (-1) ** (index // 3) else None)
        _furniture(rng, world, sign)
        _parked(rng, world, sign)
        _pedestrians(rng, world, sign)
    _traffic(rng, world, special)
    _backdrop(rng, world)
    return world


def _edge(rng: Random, world: World, sign: int, forced: int | None) -> None:
    """Houses, and now and then a wall, a fence or a hedge with trees behind it."""
    street, y, number = world.street, rng.uniform(-2, 4), 0
    density = rng.uniform(0.35, 0.95)
    while y < REACH:
        number += 1
        turn = -sign * math.pi / 2
        barrier = forced is not None and 7 < y < 24 and number > 1
        if street.in_crossing(y, 1.0):
            y = street.crossing[1] + 1.5
            continue
        if barrier or rng.random() > density:
            length = rng.uniform(9, 16)
            label = ("wall", "fence", "vegetation")[forced % 3] if barrier else _barrier_label(rng)
            forced = None if barrier else forced
            spot = street.place(sign * street.front(sign), y + length / 2).turned(turn)
            world.solids += roadside.barrier(rng, spot, length, label)
            for _ in range(int(rng.integers(2, 5))):
                away = street.front(sign) + rng.uniform(2, 8)
                world.solids += roadside.tree(rng, street.place(sign * away, y + rng.uniform(0, length)))
        else:
            length = rng.uniform(8, 19)
            spot = street.place(sign * (street.front(sign) + rng.uniform(0, 0.8)), y + length / 2)
            world.solids += roadside.house(rng, spot.turned(turn), length, rng.uniform(7, 12))
        y += length + (rng.uniform(0.5, 4) if rng.random() < 0.3 else 0.0)


def _barrier_label(rng: Random) -> str:
    return str(rng.choice(["wall", "fence", "vegetation", "guard rail"], p=[0.36, 0.32, 0.24, 0.08]))


def _furniture(rng: Random, world: World, sign: int) -> None:
    """What stands along the kerb: trees, lamps, signs, signals, bins."""
    street, y = world.street, rng.uniform(5, 10)
    green = rng.uniform(0.1, 0.75)
    while y < 90:
        spot = street.place(sign * (street.kerb(sign) + rng.uniform(0.35, 0.9)), y)
        turned = spot.turned(rng.uniform(-0.3, 0.3))
        draw = rng.random()
        if street.in_crossing(y, 0.0):
            y = street.crossing[1] + 1.0
        elif street.in_crossing(y, 7.0):
            world.solids += roadside.traffic_light(rng, turned)
        elif draw < green:
            world.solids += roadside.tree(rng, spot, rng.uniform(0.7, 1.1))
        elif draw < green + 0.45 * (1 - green):
            world.solids += roadside.traffic_sign(rng, turned)
        elif draw < green + 0.75 * (1 - green):
            world.solids += roadside.lamp_post(rng, spot.turned(math.pi * (sign < 0)))
        elif draw < green + 0.85 * (1 - green):
            world.solids += roadside.traffic_light(rng, turned)
        else:
            world.solids += (roadside.street_bin if rng.random() < 0.6 else roadside.bush)(rng, spot)
        y += rng.uniform(4, 11)


def _vehicle(rng: Random, world: World, kind: str, lateral: float, y: float, towards: bool) -> None:
    """Put one vehicle (or a two-wheeler with its rider) on the street, with its shadow."""
    spot = world.street.place(lateral, y, world.next_thing())
    spot = spot.turned(math.pi * towards + rng.uniform(-0.02, 0.02))
    if kind in ("bicycle", "motorcycle"):
        across = kind == "bicycle" and rng.random() < 0.35
        facing = world.street.place(lateral, y, spot.thing).turned(rng.uniform(-0.25, 0.25))
        facing = facing.turned(math.pi * (across and rng.random() < 0.5))
        world.solids += getattr(figures, kind)(rng, facing, from_behind=not across)
        mount = facing._replace(thing=world.next_thing())
        world.solids += figures.rider(rng, mount, from_behind=not across)
        world.shadows.append(Shadow(facing, 0.9 if across else 0.35, 0.3 if across else 0.9, 0.4))
        return
    world.solids += getattr(vehicles, kind)(rng, spot)
    long = {"car": 2.3, "truck": 4.2, "bus": 5.6, "train": 10.1, "trailer": 1.5}[kind]
    wide = {"car": 1.0, "trailer": 0.9}.get(kind, 1.3)
    world.shadows.append(Shadow(spot, wide, long, 0.62))


def _parked(rng: Random, world: World, sign: int) -> None:
    """Vehicles at the kerb."""
    street = world.street
    if not street.side(sign).parking:
        return
    y, lateral = rng.uniform(7, 12), sign * (street.half + 1.15)
    while y < 70:
        if rng.random() < 0.68 and not street.in_crossing(y, 4.0):
            kind = "trailer" if rng.random() < 0.05 else "car"
            _vehicle(rng, world, kind, lateral, y, towards=sign < 0)
        y += rng.uniform(5.4, 7.5)


def _pedestrians(rng: Random, world: World, sign: int) -> None:
    """People on the sidewalk, and two-wheelers leaning there."""
    street = world.street
    start = street.kerb(sign) + street.side(sign).grass + 0.6
    end = start + street.side(sign).sidewalk - 1.0

    def spot(near: float, far: float) -> Place:
        place = street.place(sign * rng.uniform(start, end), rng.uniform(near, far), world.next_thing())
        return place.turned(rng.uniform(-0.5, 0.5) + math.pi * int(rng.integers(2)))

    for _ in range(int(rng.poisson(4.0))):
        world.solids += figures.person(rng, spot(8, 45))
    for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.45 else 0):
        world.solids += figures.bicycle(rng, spot(8, 28), from_behind=False)
    if rng.random() < 0.25:
        world.solids += figures.motorcycle(rng, spot(8, 25), from_behind=False)
    if rng.random() < 0.2:
        place = street.place(sign * rng.uniform(0, street.half), rng.uniform(14, 35), world.next_thing())
        world.solids += figures.person(rng, place.turned(rng.uniform(-0.4, 0.4)))


def _traffic(rng: Random, world: World, special: str) -> None:
    """Vehicles in the lanes, at safe gaps; the special one comes first, where it is seen."""
    street = world.street
    if street.rails and (special == "train" or rng.random() < 0.5):
        _vehicle(rng, world, "train", 0.0, rng.uniform(22, 38), towards=rng.random() < 0.5)
    kinds = ["car", "truck", "bus", "motorcycle", "bicycle"]
    lanes = [
        (side * (street.rails + (lane + 0.5) * street.lane), side)
        for lane in range(street.lanes)
        for side in (1, -1)
    ]
    wanted = special if special in kinds else None
    host = int(rng.integers(2)) if wanted in ("bus", "truck") else 0
    for number, (lateral, side) in enumerate(lanes):
        forced = wanted if number == host else None
        small = forced in ("motorcycle", "bicycle")
        y = rng.uniform(9, 15) if small else rng.uniform(14, 26) if forced else rng.uniform(11, 45)
        while y < 90:
            kind = forced or str(rng.choice(kinds, p=[0.74, 0.06, 0.04, 0.08, 0.08]))
            room = {"car": 2.4, "truck": 4.6, "bus": 5.8}.get(kind, 1.2)
            offset = rng.uniform(-0.3, 0.3) + (0.9 * side if room < 2 else 0.0)
            _vehicle(rng, world, kind, lateral + offset, y + room, towards=side < 0)
            forced = None
            y += 2 * room + rng.uniform(5, 35)


def _backdrop(rng: Random, world: World) -> None:
    """Houses and trees that close the view at the end of the street and behind the side street."""
    for _ in range(16):
        away, y = rng.uniform(-95, 95), rng.uniform(REACH + 15, REACH + 70)
        spot = world.street.place(away, y)
        if rng.random() < 0.45:
            world.solids += roadside.house(rng, spot, rng.uniform(14, 30), 10.0)
        else:
            world.solids += roadside.tree(rng, spot, rng.uniform(1.2, 1.8))
    for x in np.linspace(-120, 120, 9):
        spot = Place(float(x), REACH + 80 + rng.uniform(0, 20), 0.0)
        world.solids += roadside.barrier(rng, spot, 40.0, "vegetation")
