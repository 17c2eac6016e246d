"""Heat maps of the grid search: mIoU by weights, one panel for each set of tasks."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.figures.panels import save
from selfsup_segmentation.reproduce.formats.numbers import DECIMALS
from selfsup_segmentation.reproduce.published import INITS
from selfsup_segmentation.reproduce.tables.comparison import Measured
from selfsup_segmentation.reproduce.tables.grid_picks import Combination, Pick, picks
from selfsup_segmentation.reproduce.tables.grid_search import task_letters, title

COLORS = matplotlib.colormaps["cividis"]  # the same for color-blind readers, and monotonic in gray
MIN_RANGE = 0.01  # mIoU between the ends of the scale, so that noise does not look like a landscape
CELL, MARGIN = 0.8, (2.4, 2.2)  # inches: side of a cell; (width, height) of everything but the cells
LINE = 0.17  # inches from one line of text to the next
FONT = 8  # points
CHARACTERS_PER_INCH = 12  # of bold text

OURS = {"fill": False, "edgecolor": "black", "linewidth": 3.0}
PAPERS = {"fill": False, "edgecolor": "black", "linewidth": 1.5, "linestyle": (0, (3, 2))}
MISSING = {"facecolor": "white", "edgecolor": "0.6", "hatch": "////", "linewidth": 0.0}


def write_heat_map(runs, measured, init, notes, folder: Path, stem: str) -> list[Path]:
    """Write ``<folder>/<stem>.png`` and ``.pdf`` atomically; the other arguments as for `draw`."""
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(runs, measured, init, notes)
    return [save(figure, folder / f"{stem}.{suffix}") for suffix in ("png", "pdf")]


def draw(runs: Sequence[Run], measured: Measured, init: str, notes: Sequence[str] = ()) -> Figure:
    """The figure: color alone above, depth alone at the left, and both between them on the same axes.

    A combination without a number is hatched and holds no text.

    Args:
        runs, measured, init: as for `reproduce.tables.grid_search.build`.
        notes: lines at the top.

    Raises:
        ValueError: A mIoU is not a finite number.
    """
    picked = picks(runs, measured, init)
    searched = [one for pick in picked.values() for one in pick.combinations]
    weights = {
        task: sorted({one.weights[task] for one in searched if task in one.weights})
        for task in ("color", "depth")
    }
    columns, rows = len(weights["color"]), len(weights["depth"])
    width = CELL * (1 + columns) + MARGIN[0]
    head = [line for note in notes for line in textwrap.wrap(note, int(width * CHARACTERS_PER_INCH))]
    height = CELL * (1 + rows) + MARGIN[1] + LINE * len(head)
    figure = Figure(figsize=(width, height), layout="constrained")
    font = {"size": FONT, "weight": "bold", "color": "firebrick" if notes else "black"}
    figure.suptitle("\n".join([*head, title(runs, init)]), parse_math=False, **font)
    grid = figure.add_gridspec(2, 2, width_ratios=(1, columns), height_ratios=(1, rows))
    places = {("color",): grid[0, 1], ("depth",): grid[1, 0], ("color", "depth"): grid[1, 1]}
    means = [one.score.mean for one in searched if one.score.n]
    scale = _scale(means or [0])
    for pick in picked.values():
        tasks = tuple(task for task in pick.paper_weights if task != "seg")
        axes = figure.add_subplot(places[tasks])
        image = _draw_panel(axes, pick, {task: weights[task] for task in tasks}, scale)
    if means:
        bar = figure.colorbar(image, ax=figure.axes)
        bar.set_label("val mIoU", size=FONT)
        bar.ax.tick_params(labelsize=FONT)
    figure.legend(
        handles=_keys(searched, list(picked.values()), init),
        title=_caption(searched),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=FONT,
        title_fontsize=FONT,
    )
    return figure


def _scale(means: Sequence[float]) -> Normalize:
    """One scale for all panels, at least `MIN_RANGE` wide."""
    low, high = min(means), max(means)
    slack = max(0.0, MIN_RANGE - (high - low)) / 2
    return Normalize(low - slack, high + slack)


def _draw_panel(axes: Axes, pick: Pick, weights, scale: Normalize):
    """An image whose pixels are combinations; a task that was not searched has one place."""
    columns, rows = (weights.get(task, [None]) for task in ("color", "depth"))
    means = np.full((len(rows), len(columns)), np.nan)
    for one in pick.combinations:
        x, y = columns.index(one.weights.get("color")), rows.index(one.weights.get("depth"))
        ink = "black"
        if one.score.n:
            means[y, x] = one.score.mean
            ink = ink_on(COLORS(scale(one.score.mean)))
            axes.text(x, y, _cell_text(one), ha="center", va="center", size=FONT, color=ink)
        if one.weights == pick.weights:
            halo = [withStroke(linewidth=7, foreground="white")]  # sets the frame off from a dark cell
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, clip_on=False, path_effects=halo, **OURS))
        if one.weights == pick.paper_weights:
            axes.add_patch(Rectangle((x - 0.4, y - 0.4), 0.8, 0.8, **PAPERS | {"edgecolor": ink}))
    axes.patch.set(**MISSING)  # seen through cells without a number
    axes.set_title(task_letters(pick.row), size=FONT + 1)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=FONT)
    axes.set_xticks(range(len(columns)), [f"{weight:g}" for weight in weights.get("color", ())] or [""])
    axes.set_yticks(range(len(rows)), [f"{weight:g}" for weight in weights.get("depth", ())] or [""])
    axes.set_xlabel("w_color" if "color" in weights else "", size=FONT)
    axes.set_ylabel("w_depth" if "depth" in weights else "", size=FONT)
    return axes.imshow(means, COLORS, scale, origin="lower", aspect="auto")


def _cell_text(combination: Combination) -> str:
    score, seeds = combination.score, combination.seeds
    spread = "" if score.std is None else f"\n±{score.std:.{DECIMALS}f}"
    return f"{score.mean:.{DECIMALS}f}{spread}" + f"\n{score.n} of {seeds}" * (score.n < seeds)


def ink_on(color: Sequence[float]) -> str:
    """Black or white, whichever has the higher contrast (WCAG 2) with an RGB color from 0 to 1."""
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in color[:3])
    luminance = sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _keys(searched: Sequence[Combination], picked: Sequence[Pick], init: str) -> list[Rectangle]:
    other = "" if init in INITS else " (other init)"
    keys = [Rectangle((0, 0), 1, 1, label=f"the paper's pick{other}", **PAPERS)]
    if any(pick.weights for pick in picked):
        so_far = "" if all(pick.complete for pick in picked) else " so far"
        sure = all(all(pick.beaten) for pick in picked if pick.weights)
        keys.insert(
            0, Rectangle((0, 0), 1, 1, label=f"our pick{so_far}{' (may be chance)' * (not sure)}", **OURS)
        )
    if not all(one.score.n for one in searched):
        keys.append(Rectangle((0, 0), 1, 1, label="not finished", **MISSING))
    return keys


def _caption(searched: Sequence[Combination]) -> str:
    seeds = max(one.seeds for one in searched)
    if not any(one.score.n for one in searched):
        return "w_seg is 1. No run is finished."
    if seeds == 1:
        return "w_seg is 1. One seed."
    return f"w_seg is 1. Mean ± sample standard deviation of {seeds} seeds, or of as many as the cell says."
