"""matplotlib figures as SVG elements of a page: its colors, its fonts, and a title for screen readers."""

import html
import io
import re

import matplotlib
from matplotlib.figure import Figure

INK, RULE, TASKS = "#010101", "#010102", {"seg": "#010103", "color": "#010104", "depth": "#010105"}
"""Colors to draw in; the page's colors replace them, which follow the reader's light or dark theme."""

WIDTH = 300  # px of every figure
_HIDDEN = (
    *(f"axes.spines.{side}" for side in ("left", "right", "top", "bottom")),
    *("xtick.bottom", "ytick.left", "legend.frameon"),
)
STYLE = dict.fromkeys(_HIDDEN, False) | {
    "font.size": 10,
    "svg.fonttype": "none",  # text as text
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titley": 1.0,  # drawn in a third of the time of an automatic place
    "legend.handlelength": 1.6,
    "legend.columnspacing": 1.0,
    "legend.borderpad": 0.0,
    "lines.linewidth": 2,
    "lines.markersize": 4,
}
_CSS = {
    INK: "currentColor",
    RULE: "var(--grid)",
    **{color: f"var(--{task})" for task, color in TASKS.items()},
}
_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # none: the same figure has the same bytes


def new_figure(height: float) -> Figure:
    """An empty figure of the page's width and a height in px, to be drawn under `STYLE`."""
    return Figure(figsize=(WIDTH / 72, height / 72))


def to_svg(figure: Figure, name: str, description: str) -> str:
    """A figure as an ``<svg>`` element.

    Args:
        figure: drawn under `STYLE`, in the colors of this module.
        name: differs between the figures of a page, so that their ids do.
        description: what the figure shows, for screen readers.
    """
    file = io.StringIO()
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata=_METADATA)
    content = file.getvalue()
    content = re.sub(
        r' id="\w+_\d+"| id="[\w.]+axis_\d+"|font-family: [^;"]+;?', "", content[content.index("<g id=") :]
    )
    for color, css in _CSS.items():
        content = content.replace(color, css)
    width, height = figure.get_size_inches() * 72
    description = html.escape(description)
    return (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{description}">'
        f"<title>{description}</title>{content.replace('xlink:href', 'href')}"
    )
