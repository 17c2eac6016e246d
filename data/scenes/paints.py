"""What the surfaces of a street are painted with: asphalt, slabs, leaves, bricks, house fronts, vehicles."""

import math

import numpy as np

from selfsup_segmentation.data.scenes.textures import Color, Hits, Paint, mix, tint


def rough(color: Color, contrast: float = 0.1) -> Paint:
    """Any dull surface: metal, plaster, stone, bark."""
    return lambda hits: tint(color, 1 + contrast * hits.grain(1.9, 0.6, 0.2, 0.06, 0.02))


def asphalt(color: Color, markings: list[tuple[float, float, float]], stop: tuple[float, float]) -> Paint:
    """Road with patches, cracks and worn white lines.

    Args:
        color: of the bare road.
        markings: centre, width and dash length (0 for a solid line) of each line, m.
        stop: range along the street, m, without lines: a crossing, framed by zebra bars.
    """

    def paint(hits: Hits) -> np.ndarray:
        lateral, along = hits.a, hits.b
        patch = hits.grain(5.0, 1.7)
        base = tint(color, 1 + 0.06 * patch + 0.1 * hits.grain(0.7, 0.3, 0.1, 0.04, stretch=1.5))
        crack = np.abs(hits.noise.smooth(lateral / 2.3 + hits.shift, along / 5.1))
        base *= 1 - 0.25 * np.clip(1 - crack / (0.02 + hits.pixel / 2.3), 0, 1)[:, None]
        white = np.zeros_like(lateral)
        for centre, width, dash in markings:
            line = hits.band(lateral, centre - width / 2, centre + width / 2)
            white = np.maximum(white, line * hits.stripes(along, 3 * dash, 0, dash) if dash else line)
        if stop[1] > stop[0]:
            white *= 1 - hits.band(along, stop[0] - 4.5, stop[1] + 4.5)
            bars = hits.stripes(lateral, 1.0, 0.0, 0.5)
            for start in (stop[0] - 4.0, stop[1] + 1.0):
                white = np.maximum(white, bars * hits.band(along, start, start + 3.0))
        return mix(base, (215, 214, 206), white * np.clip(0.85 + 0.25 * patch, 0.3, 1))

    return paint


def paving(color: Color, slab: float, kerb: float) -> Paint:
    """Sidewalk slabs of ``slab`` m with dark joints, and bright kerb stones around lateral ``kerb``, m."""

    def paint(hits: Hits) -> np.ndarray:
        shade = 0.06 * hits.noise.cell(np.floor(hits.a / slab), np.floor(hits.b / slab))
        shade *= np.clip(slab / (2 * hits.pixel) - 0.5, 0, 1)
        joints = np.maximum(
            hits.stripes(hits.a, slab, 0, 0.03 * slab), hits.stripes(hits.b, slab, 0, 0.03 * slab)
        )
        grain = 0.08 * hits.grain(3.1, 1.1, 0.35, 0.1, 0.03)
        slabs = tint(color, (1 + grain + shade) * (1 - 0.35 * joints))
        stone = tint((172, 170, 164), 1 + grain - 0.3 * hits.stripes(hits.b, 1.0, 0, 0.03))
        return mix(slabs, stone, hits.band(hits.a, kerb - 0.16, kerb + 0.16))

    return paint


def rails(color: Color, offsets: tuple[float, ...]) -> Paint:
    """A tram's track bed with bright rails at the lateral ``offsets``, m."""

    def paint(hits: Hits) -> np.ndarray:
        base = tint(color, 1 + 0.12 * hits.grain(1.7, 0.5, 0.15, 0.05))
        for offset in offsets:
            base = mix(base, (168, 164, 160), hits.band(hits.a, offset - 0.05, offset + 0.05))
        return base

    return paint


def foliage(dark: Color, bright: Color, leaf: float) -> Paint:
    """Leaves or grass: ``leaf`` is the size of a clump in m, from which finer octaves follow."""

    def paint(hits: Hits) -> np.ndarray:
        clumps = hits.grain(7 * leaf, 2.5 * leaf, leaf, 0.35 * leaf, 0.12 * leaf)
        return mix(tint(dark, np.ones_like(hits.a)), bright, np.clip(0.45 + 0.36 * clumps, 0, 1.1))

    return paint


def masonry(color: Color, course: float) -> Paint:
    """Bricks or blocks with bright joints; ``course`` is the height of a row, m."""

    def paint(hits: Hits) -> np.ndarray:
        row = np.floor(hits.b / course)
        along = hits.a + 0.5 * 2.4 * course * np.mod(row, 2)
        brick = 0.16 * hits.noise.cell(np.floor(along / (2.4 * course)), row)
        brick *= np.clip(course / (2 * hits.pixel) - 0.5, 0, 1)
        joint = np.maximum(
            hits.stripes(hits.b, course, 0, 0.14 * course),
            hits.stripes(along, 2.4 * course, 0, 0.14 * course),
        )
        base = tint(color, 1 + brick + 0.11 * hits.grain(4.0, 1.3, 0.4, 0.12, 0.04))
        return mix(base, (176, 170, 160), 0.55 * joint)

    return paint


def facade(wall: Paint, glass: Color, frame: Color, window: Color, roof: Paint) -> Paint:
    """A house front.

    Args:
        wall: paint between the windows.
        glass, frame: colours of the panes and of their frames.
        window: (column spacing, storey height, share of the spacing that a window takes), m and 1.
        roof: paint of the top face.
    """
    spacing, storey, share = window

    def paint(hits: Hits) -> np.ndarray:
        column, floor = np.floor(hits.a / spacing), np.floor(hits.b / storey)
        u, v = np.mod(hits.a, spacing), np.mod(hits.b, storey)
        left, right = spacing * (0.5 - share / 2), spacing * (0.5 + share / 2)
        low, high = np.where(floor < 1, np.float32(0.35), np.float32(0.9)), 0.84 * storey
        resolved = np.clip(spacing / (2 * hits.pixel) - 0.3, 0.3, 1)
        pane = hits.band(u, left, right) * hits.band(v, low, high) * resolved
        inner = hits.band(u, left + 0.09, right - 0.09) * hits.band(v, low + 0.09, high - 0.09)
        inner *= 1 - 0.8 * hits.band(u, spacing / 2 - 0.04, spacing / 2 + 0.04)
        lit = 0.45 * hits.noise.cell(column + 3 * hits.face, floor) + 0.25 * (v / storey)
        reflection = 1 + lit + 0.22 * hits.grain(1.5, 0.5, 0.17)
        front = mix(mix(wall(hits), frame, pane), tint(glass, reflection), pane * inner)
        front *= 1 - 0.25 * hits.stripes(hits.b, storey, storey - 0.16, storey)[:, None]
        return np.where((hits.face == 5)[:, None], roof(hits), front)

    return paint


def bars(color: Color, gap: Color, period: float, bar: float, height: float) -> Paint:
    """A fence: upright bars of width ``bar`` every ``period`` m between two rails, dark in between."""

    def paint(hits: Hits) -> np.ndarray:
        solid = hits.stripes(hits.a, period, 0, bar)
        for level in (0.1 * height, 0.9 * height):
            solid = np.maximum(solid, hits.band(hits.b, level - 0.05, level + 0.05))
        post = hits.stripes(hits.a, 10 * period, 0, 0.12)
        metal = tint(color, 1 + 0.14 * hits.grain(2.0, 0.6, 0.2, 0.05))
        return mix(tint(gap, 1 + 0.3 * hits.grain(2.2, 0.7, 0.25)), metal, np.maximum(solid, post))

    return paint


def bodywork(color: Color, half_width: float, lamps: float, sill: float) -> Paint:
    """Lower part of a vehicle: lamps at height ``lamps`` m (red behind, white in front), dark sill, plate."""

    def paint(hits: Hits) -> np.ndarray:
        base = tint(color, 1 + 0.06 * hits.grain(1.3, 0.45, 0.16, 0.05) + 0.12 * (hits.z - 0.6))
        base = mix(base, (38, 38, 41), hits.band(hits.z, -1.0, sill))
        ends = (hits.face == 2) | (hits.face == 3)
        side = np.abs(hits.x) / half_width
        lamp = hits.band(hits.z, lamps - 0.09, lamps + 0.09) * ((side > 0.66) & (side < 0.97) & ends)
        rear = (hits.face == 2)[:, None]
        base = mix(base, np.where(rear, (190, 28, 26), (236, 234, 222)), lamp)
        plate = hits.band(hits.x, -0.26, 0.26) * hits.band(hits.z, lamps - 0.25, lamps - 0.12) * ends
        doors = hits.stripes(hits.y, 1.1, 0, 0.03) * (hits.face < 2)
        return mix(mix(base, (220, 220, 214), plate), (30, 30, 32), 0.6 * doors)

    return paint


def glazing(color: Color, low: float, high: float, pillars: float) -> Paint:
    """Body colour with a band of windows between two heights, m, parted by a pillar every ``pillars`` m."""

    def paint(hits: Hits) -> np.ndarray:
        base = tint(color, 1 + 0.06 * hits.grain(1.7, 0.55, 0.18, 0.06))
        pane = hits.band(hits.z, low, high) * (1 - hits.stripes(hits.a, pillars, 0, 0.1)) * (hits.face < 4)
        glass = tint((52, 60, 68), 1 + 0.35 * hits.grain(1.2, 0.4, 0.15) + 0.6 * (hits.z - low))
        return mix(base, glass, pane)

    return paint


def tyre(radius: float) -> Paint:
    """A wheel: black rubber around a grey rim."""

    def paint(hits: Hits) -> np.ndarray:
        rubber = tint((30, 30, 32), 1 + 0.2 * hits.grain(0.2, 0.07, 0.03))
        return mix(rubber, (128, 130, 134), hits.band(np.hypot(hits.y, hits.z), -1.0, 0.6 * radius))

    return paint


def lamps(lit: int) -> Paint:
    """A signal head with three lamps, of which number ``lit`` (0 red, 1 yellow, 2 green) burns."""
    colors = ((235, 45, 30), (245, 180, 40), (60, 215, 130))

    def paint(hits: Hits) -> np.ndarray:
        base = tint((34, 36, 36), 1 + 0.2 * hits.grain(0.5, 0.15, 0.05))
        for number, color in enumerate(colors):
            disc = hits.band(np.hypot(hits.x, hits.z - (0.7 - 0.28 * number)), -1.0, 0.11)
            shown = color if number == lit else tuple(0.28 * c for c in color)
            base = mix(base, shown, disc * (hits.face == 2))
        return base

    return paint


def plate(rim: Color, field: Color, half: float, height: float, triangle: bool) -> Paint:
    """A sign plate ``height`` m high: field inside a rim; the back is bare metal."""

    def paint(hits: Hits) -> np.ndarray:
        half_here = half * (1 - hits.z / height) if triangle else half
        margin = 0.22 * half
        inside = np.clip((half_here - margin - np.abs(hits.x)) / hits.pixel + 0.5, 0, 1)
        inside = inside * hits.band(hits.z, margin, height - margin)
        glyph = hits.band(hits.x, -0.07, 0.07) * hits.band(hits.z, 0.25 * height, 0.6 * height)
        worn = 1 + 0.1 * hits.grain(0.6, 0.2, 0.07)
        front = mix(mix(tint(rim, worn), tint(field, worn), inside), tint(rim, 0.6 * worn), glyph)
        return np.where((hits.face == 2)[:, None], front, tint((120, 122, 124), worn))

    return paint


def strokes(parts: tuple) -> Paint:
    """The colours of a `Figure`, darker towards the edge of each stroke as if it were round."""
    colors = np.array([part.color for part in parts], np.float32)

    def paint(hits: Hits) -> np.ndarray:
        color = colors[hits.face]
        fabric = 1 + 0.16 * hits.grain(0.5, 0.17, 0.06, 0.02)
        wobble = 0.1 * hits.noise.smooth(hits.z * 2.1 + hits.shift, hits.x * math.tau)
        return color * (fabric + wobble)[:, None]

    return paint
