"""The grid search as a picture: mIoU by weights, one panel for each set of tasks; drawn without a display."""

import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.figures.panels import save
from selfsup_segmentation.reproduce.formats.numbers import DECIMALS
from selfsup_segmentation.reproduce.published import INITS
from selfsup_segmentation.reproduce.tables.comparison import Measured
from selfsup_segmentation.reproduce.tables.grid_picks import Combination, Pick, combinations, picks
from selfsup_segmentation.reproduce.tables.grid_search import task_letters, title

COLORS = matplotlib.colormaps["cividis"]  # the same for color-blind readers, and monotonic in gray
NARROWEST = 0.01  # mIoU between the ends of the scale, so that noise does not look like a landscape

CELL, GAP, LEFT, RIGHT, BOTTOM, LINE = 0.8, 0.9, 0.7, 1.1, 0.8, 0.17  # inches
BAR = 0.18
FONT = 8  # points
LETTERS_AN_INCH = 13

OURS = {"fill": False, "edgecolor": "black", "linewidth": 3.0}
HALO = {"fill": False, "edgecolor": "white", "linewidth": 7.0}  # sets our frame off from a dark cell
PAPERS = {"fill": False, "edgecolor": "black", "linewidth": 1.5, "linestyle": (0, (3, 2))}
MISSING = {"facecolor": "white", "edgecolor": "0.6", "hatch": "////", "linewidth": 0.0}


def write_heat_map(
    runs: Sequence[Run],
    measured: Measured,
    init: str,
    notes: Sequence[str],
    folder: str | os.PathLike,
    stem: str,
) -> list[Path]:
    """Write ``stem.png`` and ``stem.pdf`` into a folder; a reader never sees half a file.

    Args:
        runs, measured, init: as for `reproduce.tables.grid_search.build`.
        notes: lines at the top that nobody may overlook.
        folder: made when missing.
        stem: of the files.

    Raises:
        ValueError: A mIoU is not a finite number.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(runs, measured, init, notes)
    return [save(figure, folder / f"{stem}.{suffix}") for suffix in ("png", "pdf")]


def draw(runs: Sequence[Run], measured: Measured, init: str, notes: Sequence[str] = ()) -> Figure:
    """The figure: color alone above, depth alone at the left, and both between them on the same axes.

    A combination without a number is hatched and holds no text. Arguments as for `write_heat_map`.
    """
    found, picked = combinations(runs, measured, init), picks(runs, measured, init)
    tried = [each for same in found.values() for each in same]
    values = {
        task: sorted({each.weights[task] for each in tried if task in each.weights})
        for task in ("color", "depth")
    }
    width = LEFT + CELL + GAP + CELL * len(values["color"]) + RIGHT
    head = [line for note in notes for line in textwrap.wrap(note, int(width * LETTERS_AN_INCH))]
    body = BOTTOM + CELL * len(values["depth"]) + GAP + CELL + 2 * LINE
    height = body + LINE * (3 + len(head))
    figure = Figure(figsize=(width, height))

    def place(left: float, bottom: float, columns: int, rows: int) -> Axes:
        return figure.add_axes([left / width, bottom / height, CELL * columns / width, CELL * rows / height])

    middle, upper = LEFT + CELL + GAP, BOTTOM + CELL * len(values["depth"]) + GAP
    corners = {("color",): (middle, upper), ("depth",): (LEFT, BOTTOM), ("color", "depth"): (middle, BOTTOM)}
    scale = _scale([each.score.mean for each in tried if each.score.n])
    for row, same in found.items():
        tasks = tuple(task for task in same[0].weights if task != "seg")
        axes = place(*corners[tasks], *(len(values[t]) if t in tasks else 1 for t in ("color", "depth")))
        _draw_panel(axes, same, picked[row], {task: values[task] for task in tasks}, scale)
    if scale:
        _draw_bar(place(middle + CELL * len(values["color"]) + 0.2, BOTTOM, 1, len(values["depth"])), scale)

    def write(y: float, text: str, **options) -> None:
        figure.text(LEFT / 2 / width, y / height, text, va="top", parse_math=False, **options)

    write(height - LINE, title(runs, init), fontsize=FONT + 3, weight="bold")
    write(height - 3 * LINE, "\n".join(head), fontsize=FONT, color="firebrick", weight="bold")
    write(1.5 * LINE, _caption(tried), fontsize=FONT)
    figure.legend(
        handles=_keys(tried, list(picked.values()), init),
        loc="center left",
        bbox_to_anchor=(LEFT / 2 / width, (upper + CELL / 2) / height),
        frameon=False,
        fontsize=FONT,
    )
    return figure


def _scale(means: Sequence[float]) -> Normalize | None:
    """One scale for all panels, at least `NARROWEST` wide; None without a number."""
    if not means:
        return None
    low, high = min(means), max(means)
    slack = max(0.0, NARROWEST - (high - low)) / 2
    return Normalize(low - slack, high + slack)


def _draw_panel(
    axes: Axes,
    tried: Sequence[Combination],
    pick: Pick,
    values: Mapping[str, Sequence[float]],
    scale: Normalize | None,
) -> None:
    """Cells of 1 × 1, the lowest weights at the lower left; a task that was not searched has one place."""
    for each in tried:
        x, y = (
            values[task].index(each.weights[task]) if task in values else 0 for task in ("color", "depth")
        )
        ink = "black"
        if each.score.n:
            color = COLORS(scale(each.score.mean))
            ink = ink_on(color)
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=color, edgecolor="white", linewidth=2))
            _write_number(axes, x, y, each, ink)
        else:
            axes.add_patch(Rectangle((x + 0.02, y + 0.02), 0.96, 0.96, **MISSING))
        if each.weights == pick.weights:
            for frame in (HALO, OURS):
                axes.add_patch(Rectangle((x, y), 1, 1, zorder=3, clip_on=False, **frame))
        if each.weights == pick.paper_weights:
            inset = Rectangle((x + 0.1, y + 0.1), 0.8, 0.8, zorder=3, **PAPERS | {"edgecolor": ink})
            axes.add_patch(inset)
    axes.set_title(task_letters(pick.row), fontsize=FONT + 1)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=FONT)
    for task, axis in (("color", axes.xaxis), ("depth", axes.yaxis)):
        weights = values.get(task, ())
        axis.set_ticks([place + 0.5 for place in range(len(weights))], [f"{w:g}" for w in weights])
        if weights:
            axis.set_label_text(f"w_{task}", fontsize=FONT)
    axes.set(xlim=(0, len(values.get("color", "1"))), ylim=(0, len(values.get("depth", "1"))))


def _write_number(axes: Axes, x: int, y: int, each: Combination, ink: str) -> None:
    score = each.score
    lines = [] if score.std is None else [f"±{score.std:.{DECIMALS}f}"]
    if score.n < each.seeds:
        lines.append(f"{score.n} of {each.seeds}")
    middle = y + 0.5
    place = {"ha": "center", "va": "center", "color": ink}
    axes.text(x + 0.5, middle + 0.09 * len(lines), f"{score.mean:.{DECIMALS}f}", fontsize=FONT + 1, **place)
    for number, line in enumerate(lines, 1):
        axes.text(x + 0.5, middle + 0.09 * len(lines) - 0.19 * number, line, fontsize=FONT - 2, **place)


def ink_on(color: Sequence[float]) -> str:
    """Black or white, whichever has the higher contrast (WCAG 2) with an RGB color from 0 to 1."""
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in color[:3])
    luminance = sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _draw_bar(axes: Axes, scale: Normalize) -> None:
    left, bottom, width, height = axes.get_position().bounds
    axes.set_position([left, bottom, width * BAR / CELL, height])
    bar = axes.figure.colorbar(ScalarMappable(scale, COLORS), cax=axes)
    bar.set_label("val mIoU", fontsize=FONT)
    bar.outline.set_visible(False)
    axes.tick_params(labelsize=FONT)


def _keys(tried: Sequence[Combination], picked: Sequence[Pick], init: str) -> list[Rectangle]:
    keys = [Rectangle((0, 0), 1, 1, label=_paper_key(init), **PAPERS)]
    if any(pick.weights for pick in picked):
        so_far = "" if all(pick.complete for pick in picked) else " so far"
        keys.insert(0, Rectangle((0, 0), 1, 1, label=f"our pick{so_far}", **OURS))
    if not all(each.score.n for each in tried):
        keys.append(Rectangle((0, 0), 1, 1, label="not finished", **MISSING))
    return keys


def _paper_key(init: str) -> str:
    return "the paper's pick" if init in INITS else "the paper's pick\n(other init)"


def _caption(tried: Sequence[Combination]) -> str:
    seeds = max(each.seeds for each in tried)
    if not any(each.score.n for each in tried):
        return "w_seg is 1. No run is finished."
    if seeds == 1:
        return "w_seg is 1. One seed."
    return f"w_seg is 1. Mean ± sample standard deviation of {seeds} seeds, or of as many as the cell says."
