"""Vehicles with more than two wheels; local y points ahead."""

from selfsup_segmentation.data.scenes import paints
from selfsup_segmentation.data.scenes.placing import Place, Random, pick, vivid
from selfsup_segmentation.data.scenes.shapes import Block, Ellipsoid
from selfsup_segmentation.data.scenes.solid import Solid

CARS = [(40, 42, 46), (196, 198, 200), (130, 134, 138), (70, 74, 80), (226, 226, 224), (92, 92, 96)]


def _wheels(place: Place, label: str, half: float, spots: list[float], radius: float) -> list[Solid]:
    shape, paint = Ellipsoid((0.13, radius, radius)), paints.tyre(radius)
    return [
        place.solid(shape, label, paint, (side * (half - 0.08), y, radius)) for side in (-1, 1) for y in spots
    ]


def car(rng: Random, place: Place) -> list[Solid]:
    """A passenger car or a van; its length is 4.1-4.7 m along local y."""
    color = vivid(rng) if rng.random() < 0.4 else pick(rng, CARS)
    half, length, top = rng.uniform(0.84, 0.92), rng.uniform(4.1, 4.7), rng.uniform(1.42, 1.56)
    van = rng.random() < 0.2
    top, belt = (1.95, 1.05) if van else (top, rng.uniform(0.86, 0.96))
    rear, front = -length / 2, length / 2
    cabin_rear, cabin_front = rear + rng.uniform(0.05, 0.5) * (not van), front - rng.uniform(0.9, 1.2)
    body = Block((-half, rear, 0.24), (half, front, belt), (0.03, 0.05, 0.12))
    cabin = Block((-half + 0.04, cabin_rear, belt), (half - 0.04, cabin_front, top), (0.2, 0.35, 0.7))
    return [
        place.solid(body, "car", paints.bodywork(color, half, rng.uniform(0.66, 0.78), 0.34)),
        place.solid(cabin, "car", paints.glazing(color, belt + 0.06, top - 0.09, 1.15)),
        *_wheels(place, "car", half, [rear + 0.8, front - 0.8], 0.32),
    ]


def truck(rng: Random, place: Place) -> list[Solid]:
    """A lorry with a box body, 7-9 m long."""
    length, top = rng.uniform(7, 9), rng.uniform(3.0, 3.7)
    color, box = vivid(rng), pick(rng, [(214, 214, 210), (168, 60, 50), (60, 92, 150), (190, 160, 70)])
    rear, front = -length / 2, length / 2
    return [
        place.solid(Block((-1.2, rear, 0.95), (1.2, front - 2.1, top)), "truck", paints.rough(box, 0.08)),
        place.solid(
            Block((-1.1, rear + 0.1, 0.5), (1.1, front - 2.1, 0.95)),
            "truck",
            paints.bodywork((62, 62, 66), 1.1, 0.74, 0.5),
        ),
        place.solid(
            Block((-1.15, front - 2.0, 0.45), (1.15, front, 2.7), (0.05, 0, 0.25)),
            "truck",
            paints.glazing(color, 1.55, 2.4, 1.6),
        ),
        *_wheels(place, "truck", 1.15, [rear + 1.2, rear + 2.4, front - 1.2], 0.48),
    ]


def bus(rng: Random, place: Place) -> list[Solid]:
    """A city bus, 11 m long."""
    color = vivid(rng) if rng.random() < 0.6 else pick(rng, [(220, 216, 206), (210, 180, 60)])
    return [
        place.solid(
            Block((-1.27, -5.5, 0.3), (1.27, 5.5, 1.15)), "bus", paints.bodywork(color, 1.27, 0.8, 0.4)
        ),
        place.solid(
            Block((-1.27, -5.5, 1.15), (1.27, 5.5, 3.1), (0.06, 0.08, 0.15)),
            "bus",
            paints.glazing(color, 1.25, 2.5, 1.55),
        ),
        *_wheels(place, "bus", 1.22, [-3.0, 3.0], 0.48),
    ]


def train(rng: Random, place: Place) -> list[Solid]:
    """A tram of one long car, 20 m, with a pantograph-high roof box."""
    color = pick(rng, [(196, 40, 36), (226, 200, 60), (60, 110, 80), (220, 220, 214), (70, 90, 150)])
    return [
        place.solid(
            Block((-1.2, -10, 0.25), (1.2, 10, 1.2)), "train", paints.bodywork(color, 1.2, 0.85, 0.45)
        ),
        place.solid(
            Block((-1.2, -10, 1.2), (1.2, 10, 3.35), (0.08, 0.4, 0.4)),
            "train",
            paints.glazing(color, 1.3, 2.6, 1.9),
        ),
        place.solid(Block((-0.7, -6, 3.35), (0.7, 5, 3.75)), "train", paints.rough((110, 110, 112))),
    ]


def trailer(rng: Random, place: Place) -> list[Solid]:
    """A parked trailer: a label that no run is trained on."""
    tarp = paints.rough(pick(rng, [(110, 116, 120), (60, 84, 120)]), 0.13)
    return [
        place.solid(Block((-0.85, -1.4, 0.45), (0.85, 1.4, 1.5)), "trailer", tarp),
        *_wheels(place, "trailer", 0.85, [0.0], 0.3),
    ]
