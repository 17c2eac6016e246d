"""Pictures in a grid, drawn without a display: titles above, a line below each row, keys and caption."""

import dataclasses
import math
import os
import textwrap
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from selfsup_segmentation.data.labels import CLASS_NAMES, IGNORE, PALETTE, colorize

WIDTH, COLUMN = 9.0, 2.25  # inches: the least width of a figure, and of a column with its gap
LINE = 0.155  # inches from one line of text to the next
FONT = 8  # points
LETTERS = 14  # of bold text on an inch
GAP = 0.011  # between panels, as a share of the figure's width
KEYS_A_LINE = 7
DPI = 200
NOT_MEASURED = "0.7"  # a grey that is not in the color map
COLORS = matplotlib.colormaps["magma"].with_extremes(bad=NOT_MEASURED)


@dataclasses.dataclass(frozen=True)
class Column:
    """A picture for each row.

    Attributes:
        title: above it.
        kind: ``image`` (RGB ``[H, W, 3]``), ``labels`` (trainIds uint8 ``[H, W]``) or ``disparity`` (float
            ``[H, W]``, px, NaN where nothing was measured).
        pictures: of any size; each is shown in the shape of its row.
    """

    title: str
    kind: str
    pictures: Sequence[np.ndarray]

    @property
    def values(self):
        """Every value that the pictures hold."""
        return np.concatenate([np.ravel(picture) for picture in self.pictures])


def draw(columns, sizes, lines, notes=(), caption=(), unit="px"):
    """Draw a grid as a stack of bands.

    Args:
        columns: of type `Column`.
        sizes: (width, height) of each row's image at its native size: the shape of its panels.
        lines: text below each row.
        notes: paragraphs at the top that nobody may overlook.
        caption: paragraphs at the bottom.
        unit: of the disparities.

    Returns:
        ``matplotlib.figure.Figure``. All disparities have one scale, that of the first such column; the
        legend has the classes that are shown.
    """
    width = max(WIDTH, COLUMN * len(columns))
    panel = width * _places(columns)[0][1]
    classes = np.unique(
        [c for column in columns if column.kind == "labels" for c in np.unique(column.values)]
    )
    disparities = [column for column in columns if column.kind == "disparity"]
    scale = Normalize(0, _limit(disparities[0].values)) if disparities else None

    bands = [
        _text_band(notes, width, color="firebrick", weight="bold"),
        (1.5 * LINE, partial(_draw_titles, columns=columns)),
    ]
    for row, (size, line) in enumerate(zip(sizes, lines, strict=True)):
        bands.append((panel * size[1] / size[0], partial(_draw_row, columns=columns, row=row, scale=scale)))
        bands.append(_text_band([line], width))
    if len(classes):
        height = LINE * (1 + 1.2 * math.ceil(len(classes) / KEYS_A_LINE))
        bands.append((height, partial(_draw_classes, classes=classes)))
    if disparities:
        holes = any(np.isnan(column.values).any() for column in disparities)
        bands.append((4 * LINE, partial(_draw_scale, scale=scale, unit=unit, holes=holes)))
    bands.append(_text_band(caption, width))

    heights, painters = zip(*bands, strict=True)
    figure = Figure(figsize=(width, sum(heights)))
    parts = figure.subfigures(len(bands), 1, height_ratios=heights, hspace=0)
    for part, paint in zip(parts, painters, strict=True):
        paint(part)
    return figure


def save(figure, path):
    """Write a figure under a temporary name, then rename it; the ending says the format.

    The file holds no date: the same picture gives the same bytes.
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    options = {
        "pdf.fonttype": 42,
        "svg.hashsalt": "panels",
    }  # TrueType, as publishers refuse Type 3; fixed ids
    try:
        with matplotlib.rc_context(options):
            figure.savefig(temporary, format=kind, dpi=DPI, metadata=undated)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _places(columns):
    """(left edge, width) of each column, as shares of the figure's width."""
    width = (1 - GAP) / len(columns) - GAP
    return [(GAP + position * (width + GAP), width) for position in range(len(columns))]


def _limit(values):
    """Upper end of a scale, px: outliers, at most one value in a hundred, lie above."""
    values = values[np.isfinite(values)]
    return max(1, math.ceil(np.quantile(values, 0.99))) if values.size else 1


def _text_band(paragraphs, width, **font):
    """Height of some text and what writes it."""
    letters = int(width * LETTERS)
    lines = [
        line for paragraph in paragraphs for line in textwrap.wrap(paragraph, letters, break_on_hyphens=False)
    ]
    height = len(lines) + 1
    write = partial(_draw_text, top=1 - 0.35 / height, text="\n".join(lines), **font)
    return LINE * height, write


def _draw_text(band, top, text, **font):
    band.text(GAP, top, text, va="top", fontsize=FONT, parse_math=False, **font)


def _draw_titles(band, columns):
    for column, (left, width) in zip(columns, _places(columns), strict=True):
        center = left + width / 2
        band.text(center, 0.25, column.title, ha="center", fontsize=FONT + 1, parse_math=False)


def _draw_row(band, columns, row, scale):
    for column, (left, width) in zip(columns, _places(columns), strict=True):
        picture, options = column.pictures[row], {}
        if column.kind == "labels":
            picture = colorize(picture)
        elif column.kind == "disparity":
            options = {"norm": scale, "cmap": COLORS}
        axes = band.add_axes([left, 0, width, 1])
        axes.imshow(picture, aspect="auto", **options)  # the band has the shape already
        axes.set_axis_off()


def _draw_classes(band, classes):
    names = {**dict(enumerate(CLASS_NAMES)), IGNORE: "unlabeled"}
    keys = [_key(PALETTE[value] / 255, names[value]) for value in classes]
    band.legend(handles=keys, loc="center", ncols=KEYS_A_LINE, frameon=False, fontsize=FONT)


def _draw_scale(band, scale, unit, holes):
    axes = band.add_axes([0.3, 0.65, 0.4, 0.2])
    bar = band.colorbar(ScalarMappable(scale, COLORS), cax=axes, orientation="horizontal", extend="max")
    bar.set_label(f"disparity, {unit}; one scale for all", fontsize=FONT)
    axes.tick_params(labelsize=FONT)
    if holes:
        keys = [_key(NOT_MEASURED, "not measured")]
        band.legend(
            handles=keys, loc="center left", bbox_to_anchor=(0.74, 0.75), frameon=False, fontsize=FONT
        )


def _key(color, label):
    return Patch(facecolor=color, edgecolor="0.3", linewidth=0.5, label=label)
