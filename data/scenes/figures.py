"""Flat figures: people, riders, bicycles and motorcycles, seen from the side or from behind."""

from selfsup_segmentation.data.scenes import paints
from selfsup_segmentation.data.scenes.placing import Place, Random, pick, vivid
from selfsup_segmentation.data.scenes.shapes import Figure, Part
from selfsup_segmentation.data.scenes.solid import Solid

SKIN = [(206, 160, 132), (160, 112, 84), (104, 72, 54), (222, 180, 152)]
CLOTHES = [(40, 44, 56), (70, 74, 84), (120, 112, 100), (150, 60, 54), (52, 80, 120), (190, 186, 176)]
TYRE, RIM, STEEL = (30, 30, 32), (104, 104, 104), (120, 122, 126)


def _figure(place: Place, label: str, parts: list[Part], behind: float = 0.0) -> Solid:
    return place.solid(Figure(tuple(parts)), label, paints.strokes(parts), (0.0, behind, 0.0))


def person(rng: Random, place: Place) -> list[Solid]:
    """A pedestrian, 1.2-1.9 m tall, walking or standing."""
    k = rng.uniform(1.5, 1.9) / 1.75 if rng.random() < 0.9 else 0.7
    step, swing = k * rng.uniform(0.05, 0.28), k * rng.uniform(0.1, 0.3)
    trousers, coat, skin = pick(rng, CLOTHES), pick(rng, CLOTHES), pick(rng, SKIN)
    coat = vivid(rng) if rng.random() < 0.35 else coat
    hair = pick(rng, [(40, 32, 28), (96, 74, 50), (130, 126, 120)])
    sleeve = tuple(0.85 * c for c in coat)
    parts = [
        Part(0.05 * k, 0.85 * k, step, 0.07 * k, 0.085 * k, tuple(0.8 * c for c in trousers)),
        Part(-0.05 * k, 0.85 * k, -step, 0.07 * k, 0.085 * k, trousers),
        Part(0.16 * k, 1.38 * k, swing, 0.85 * k, 0.06 * k, sleeve),
        Part(0.0, 1.32 * k, 0.0, 0.92 * k, 0.19 * k, coat),
        Part(-0.17 * k, 1.38 * k, -swing, 0.85 * k, 0.06 * k, sleeve),
        Part(0.0, 1.52 * k, 0.0, 1.6 * k, 0.07 * k, skin),
        Part(0.0, 1.66 * k, 0.0, 1.68 * k, 0.11 * k, hair),
        Part(0.02 * k, 1.62 * k, 0.02 * k, 1.62 * k, 0.08 * k, skin),
    ]
    return [_figure(place, "person", parts)]


def _wheel(x: float, radius: float) -> list[Part]:
    return [Part(x, radius, x, radius, radius, TYRE), Part(x, radius, x, radius, 0.8 * radius, RIM)]


def bicycle(rng: Random, place: Place, from_behind: bool) -> list[Solid]:
    """A bicycle, parked or ridden; wheels are filled, as annotators draw them."""
    frame = vivid(rng)
    if from_behind:
        parts = [
            Part(0, 0.05, 0, 0.62, 0.05, TYRE),
            Part(0, 0.5, 0, 0.95, 0.045, frame),
            Part(-0.3, 1.02, 0.3, 1.02, 0.035, STEEL),
            Part(-0.12, 0.3, 0.12, 0.3, 0.04, STEEL),
            Part(-0.06, 0.7, 0.06, 0.7, 0.05, (190, 30, 28)),
        ]
    else:
        parts = [
            *_wheel(-0.52, 0.34),
            *_wheel(0.52, 0.34),
            Part(-0.52, 0.34, -0.18, 0.82, 0.035, frame),
            Part(-0.18, 0.82, 0.42, 0.84, 0.035, frame),
            Part(-0.1, 0.34, 0.42, 0.84, 0.04, frame),
            Part(-0.1, 0.34, -0.2, 0.92, 0.035, frame),
            Part(0.52, 0.34, 0.4, 1.0, 0.035, frame),
            Part(-0.32, 0.94, -0.1, 0.94, 0.045, TYRE),
            Part(0.3, 1.02, 0.46, 1.02, 0.04, STEEL),
        ]
    return [_figure(place, "bicycle", parts, behind=0.04)]


def motorcycle(rng: Random, place: Place, from_behind: bool) -> list[Solid]:
    """A motorcycle or a scooter."""
    body = vivid(rng)
    if from_behind:
        parts = [
            Part(0, 0.12, 0, 0.55, 0.12, TYRE),
            Part(-0.14, 0.6, 0.14, 0.6, 0.2, (70, 72, 76)),
            Part(0, 0.6, 0, 0.88, 0.22, body),
            Part(-0.36, 1.05, 0.36, 1.05, 0.045, STEEL),
            Part(-0.08, 0.72, 0.08, 0.72, 0.06, (196, 30, 28)),
            Part(-0.17, 0.35, -0.17, 0.45, 0.07, STEEL),
            Part(-0.36, 1.12, -0.36, 1.14, 0.06, TYRE),
            Part(0.36, 1.12, 0.36, 1.14, 0.06, TYRE),
        ]
    else:
        parts = [
            *_wheel(-0.68, 0.32),
            *_wheel(0.68, 0.32),
            Part(-0.25, 0.45, 0.25, 0.45, 0.2, (70, 72, 76)),
            Part(-0.5, 0.72, 0.3, 0.74, 0.14, body),
            Part(0.3, 0.74, 0.6, 0.4, 0.07, STEEL),
            Part(0.3, 0.8, 0.36, 1.05, 0.06, body),
            Part(-0.7, 0.84, -0.1, 0.84, 0.07, TYRE),
            Part(0.62, 0.84, 0.62, 0.84, 0.08, (228, 226, 200)),
        ]
    return [_figure(place, "motorcycle", parts, behind=0.04)]


def rider(rng: Random, place: Place, from_behind: bool) -> list[Solid]:
    """Who sits on a bicycle or a motorcycle at the same place."""
    trousers, coat, skin = pick(rng, CLOTHES), vivid(rng), pick(rng, SKIN)
    helmet = pick(rng, [(36, 36, 40), (200, 200, 196), (170, 40, 36), (70, 56, 44)])
    if from_behind:
        parts = [
            Part(-0.14, 0.95, -0.24, 0.4, 0.075, trousers),
            Part(0.14, 0.95, 0.24, 0.48, 0.075, trousers),
            Part(0, 1.0, 0, 1.32, 0.2, coat),
            Part(-0.2, 1.34, -0.32, 1.05, 0.06, coat),
            Part(0.2, 1.34, 0.32, 1.05, 0.06, coat),
            Part(0, 1.62, 0, 1.64, 0.13, helmet),
        ]
    else:
        parts = [
            Part(-0.2, 0.95, 0.12, 0.62, 0.09, trousers),
            Part(0.12, 0.62, -0.02, 0.28, 0.075, trousers),
            Part(-0.2, 1.02, 0.06, 1.42, 0.16, coat),
            Part(0.08, 1.42, 0.38, 1.06, 0.06, coat),
            Part(0.16, 1.58, 0.18, 1.6, 0.1, skin),
            Part(0.14, 1.66, 0.16, 1.68, 0.12, helmet),
        ]
    return [_figure(place, "rider", parts)]
