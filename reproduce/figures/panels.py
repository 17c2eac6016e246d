"""A grid of images: titles above, a line below each row, a legend and a caption."""

import dataclasses
import math
import os
import textwrap
from collections.abc import Sequence
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
CHARACTERS_PER_INCH = 14  # of bold text
KEYS_PER_LINE = 7
DPI = 200
NOT_MEASURED = "0.7"  # a grey that is not in the color map
COLORS = matplotlib.colormaps["magma"].with_extremes(bad=NOT_MEASURED)


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a grid.

    Attributes:
        title: text above it.
        kind: ``image`` (RGB ``[H, W, 3]``), ``labels`` (trainIds uint8 ``[H, W]``) or ``disparity`` (float
            ``[H, W]``, px, NaN where nothing was measured).
        images: one a row, of any size; each is shown in the shape of its row.
    """

    title: str
    kind: str
    images: Sequence[np.ndarray]

    @property
    def values(self) -> np.ndarray:
        """Every value of the images, flat."""
        return np.concatenate([np.ravel(image) for image in self.images])


@matplotlib.rc_context(
    {"font.size": 8, "axes.titlesize": 9, "legend.frameon": False, "text.parse_math": False}
)
def draw(columns, sizes, lines, notes=(), caption=(), unit="px"):
    """Draw a grid of images.

    Args:
        columns: of type `Column`.
        sizes: (width, height) of each row's image at its native size: the shape of its panels.
        lines: text below each row.
        notes: paragraphs at the top.
        caption: paragraphs at the bottom.
        unit: of the disparities.

    Returns:
        ``matplotlib.figure.Figure``. All disparities have one scale, that of the first such column; the
        legend has the classes that are shown.
    """
    width = max(WIDTH, COLUMN * len(columns))
    notes, caption = _wrap(notes, width), _wrap(caption, width)
    classes = {int(c) for column in columns if column.kind == "labels" for c in np.unique(column.values)}
    disparities = [column for column in columns if column.kind == "disparity"]
    scale = Normalize(0, _limit(disparities[0].values)) if disparities else None
    names = {**dict(enumerate(CLASS_NAMES)), IGNORE: "unlabeled"}
    colors = {names[value]: PALETTE[value] / 255 for value in sorted(classes)}
    if any(np.isnan(column.values).any() for column in disparities):
        colors["not measured"] = NOT_MEASURED
    keys = [Patch(facecolor=c, edgecolor="0.3", linewidth=0.5, label=name) for name, c in colors.items()]

    ratios = [height / width for width, height in sizes]
    line_width = 2 * width / max(2, len(columns))  # so that no column is widened
    lines = ["\n".join(_wrap([line], line_width)) for line in lines]
    rows = "\n".join(lines).count("\n") + 1
    text = len(notes) + len(caption) + 1.7 * rows + 1.3 * math.ceil(len(keys) / KEYS_PER_LINE) + 2
    height = sum(ratios) * width / len(columns) + LINE * (text + 4 * bool(disparities))
    figure = Figure(figsize=(width, height), layout="compressed")
    figure.suptitle("\n".join(notes), color="firebrick", weight="bold", size=8)
    axes = figure.subplots(len(sizes), len(columns), squeeze=False, height_ratios=ratios)
    for row, (size, line) in enumerate(zip(sizes, lines, strict=True)):
        for panel, column in zip(axes[row], columns, strict=True):
            _draw_image(panel, column, row, size, scale)
        axes[row, 0].set_xlabel(line, loc="left")
    for panel, column in zip(axes[0], columns, strict=True):
        panel.set_title(column.title)
    if scale:
        bar = {"location": "bottom", "shrink": 0.4, "aspect": 30, "extend": "max"}
        label = f"disparity, {unit}; one scale for all"
        figure.colorbar(ScalarMappable(scale, COLORS), ax=axes, label=label, **bar)
    figure.legend(handles=keys, title="\n".join(caption), loc="outside lower center", ncols=KEYS_PER_LINE)
    return figure


def _draw_image(panel, column, row, size, scale):
    image, options = column.images[row], {}
    if column.kind == "labels":
        image = colorize(image)
    elif column.kind == "disparity":
        options = {"norm": scale, "cmap": COLORS}
    panel.imshow(image, extent=(0, size[0], size[1], 0), **options)
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)


def save(figure, path):
    """Write a figure atomically, deterministic to the byte; the suffix is the format. Returns the path."""
    path = Path(path)
    kind = path.suffix[1:].lower()
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    options = {"pdf.fonttype": 42, "svg.hashsalt": "panels"}  # publishers refuse Type 3 fonts; fixed ids
    try:
        with matplotlib.rc_context(options):
            figure.savefig(temporary, format=kind, dpi=DPI, metadata=undated)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _wrap(paragraphs, width):
    """Lines that fit into a width in inches."""
    characters = int(width * CHARACTERS_PER_INCH)
    return [line for text in paragraphs for line in textwrap.wrap(text, characters, break_on_hyphens=False)]


def _limit(values):
    """Upper end of a scale, px: outliers, at most one value in a hundred, lie above."""
    values = values[np.isfinite(values)]
    return max(1, math.ceil(np.quantile(values, 0.99))) if values.size else 1
