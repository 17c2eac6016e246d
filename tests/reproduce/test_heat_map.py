"""The heat map of the grid search: numbers, scale, frames of picks, and missing cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text

from selfsup_segmentation.experiments.catalog import grid_row, grid_search_runs
from selfsup_segmentation.reproduce.figures.heat_map import COLORS, draw, ink_on, write_heat_map

NOTE = "DEMO SCALE on embedded street scenes: not comparable with the paper."
NAMES = [grid_row(run) for run in grid_search_runs("scenes-demo", "ImageNet")]


def results(names=NAMES, seeds=1, init="ImageNet"):
    """Synthetic mIoU that rise along the grid, each seed a little further."""
    return {
        (name, init): {
            seed: {"sem_miou": 0.2 + 0.004 * NAMES.index(name) + 0.01 * seed} for seed in range(seeds)
        }
        for name in names
    }


def figure_of(measured, seeds=(0,), init="ImageNet", notes=(NOTE,)):
    return draw(grid_search_runs("scenes-demo", init, seeds), measured, init, notes)


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def texts(axes):
    """{(x, y): text of the cell}."""
    return {text.get_position(): text.get_text() for text in axes.texts}


def frames(axes, dashed):
    """{center: color} of the dashed or of the solid frames."""
    return {
        tuple(patch.get_center()): to_hex(patch.get_edgecolor())
        for patch in axes.patches
        if (patch.get_linestyle() not in ("solid", "-")) == dashed
    }


def hatched(axes):
    """Cells through which the background is seen."""
    assert axes.patch.get_hatch()
    empty = np.ma.getmaskarray(axes.images[0].get_array())
    return {(int(x), int(y)) for y, x in np.argwhere(empty)}


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_every_number_stands_in_the_cell_of_its_weights():
    figure = figure_of(results())
    assert texts(panel(figure, "SS + C")) == {(x, 0): f"{0.2 + 0.004 * x:.3f}" for x in range(4)}
    assert texts(panel(figure, "SS + D")) == {(0, y): f"{0.2 + 0.004 * (4 + y):.3f}" for y in range(4)}
    both = panel(figure, "SS + C + D")
    assert texts(both) == {(x, y): f"{0.2 + 0.004 * (8 + 4 * x + y):.3f}" for x in range(4) for y in range(4)}
    assert [label.get_text() for label in both.get_xticklabels()] == ["0.1", "1", "10", "100"]
    assert [label.get_text() for label in both.get_yticklabels()] == ["0.1", "1", "10", "100"]
    assert (both.get_xlabel(), both.get_ylabel()) == ("w_color", "w_depth")
    assert panel(figure, "SS + C").get_xlabel() == "w_color"
    assert panel(figure, "SS + D").get_ylabel() == "w_depth"


def test_colors_follow_one_scale_in_all_panels():
    figure = figure_of(results())
    norms = [axes.images[0].norm for axes in figure.axes[:3]]
    assert all((norm.vmin, norm.vmax) == pytest.approx((0.2, 0.2 + 0.004 * 23)) for norm in norms)
    assert panel(figure, "SS + C + D").images[0].get_array()[1, 2] == pytest.approx(0.2 + 0.004 * 17)
    bar = next(axes for axes in figure.axes if axes.get_ylabel() == "val mIoU")
    assert bar.get_ylim() == pytest.approx((0.2, 0.2 + 0.004 * 23))


def test_picks_have_frames_of_two_kinds_and_the_papers_is_light_on_a_dark_cell():
    figure = figure_of(results())
    for title, ours, papers, edge in (
        ("SS + C", (3, 0), (1, 0), "#ffffff"),
        ("SS + D", (0, 3), (0, 3), "#ffffff"),
        ("SS + C + D", (3, 3), (1, 3), "#000000"),
    ):
        assert frames(panel(figure, title), dashed=False) == {ours: "#000000"}
        assert frames(panel(figure, title), dashed=True) == {papers: edge}
    assert legend_texts(figure) == ["our pick (may be chance)", "the paper's pick"]
    frame = frames(panel(figure_of({}), "SS + C"), dashed=True)
    assert frame == {(1, 0): "#000000"}


def test_missing_cells_are_hatched_and_hold_no_text():
    measured = results([name for name in NAMES if "w_depth=10" not in name.split()])
    figure = figure_of(measured)
    assert hatched(panel(figure, "SS + C")) == set()
    assert hatched(panel(figure, "SS + D")) == {(0, 2)}
    both = panel(figure, "SS + C + D")
    assert hatched(both) == {(x, 2) for x in range(4)}
    assert set(texts(both)) == {(x, y) for x in range(4) for y in (0, 1, 3)}
    assert legend_texts(figure) == ["our pick so far (may be chance)", "the paper's pick", "not finished"]


def test_without_data_there_is_neither_a_number_nor_a_scale():
    figure = figure_of({})
    assert [axes.get_title() for axes in figure.axes] == ["SS + C", "SS + D", "SS + C + D"]
    assert not any(axes.texts or frames(axes, dashed=False) for axes in figure.axes)
    assert sum(len(hatched(axes)) for axes in figure.axes) == 24
    assert legend_texts(figure) == ["the paper's pick", "not finished"]
    assert "the paper's pick (other init)" in legend_texts(figure_of({}, init="random"))


def test_title_and_long_notes_stay_inside_the_picture():
    figure = figure_of(results(), notes=[NOTE, "READINGS OF THE PAPER, $ONE$ AND ALL, " * 9])
    written = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert NOTE in written and "scenes-demo, ImageNet" in written
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    for text in figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_text()):
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height
    top = max(axes.get_tightbbox().y1 for axes in figure.axes)
    assert figure.texts[0].get_window_extent().y0 >= top


def test_several_seeds_show_their_spread_and_how_many_are_finished():
    measured = results(seeds=3) | results(NAMES[:1], seeds=2)
    figure = figure_of(measured, seeds=(0, 1, 2))
    cells = texts(panel(figure, "SS + C"))
    assert (cells[0, 0], cells[1, 0]) == ("0.205\n±0.007\n2 of 3", "0.214\n±0.010")
    assert legend_texts(figure)[0] == "our pick so far (may be chance)"


def test_a_tiny_spread_does_not_fill_the_scale():
    measured = {(name, "ImageNet"): {0: {"sem_miou": 0.25}} for name in NAMES}
    bar = next(axes for axes in figure_of(measured).axes if axes.get_ylabel() == "val mIoU")
    assert bar.get_ylim() == pytest.approx((0.245, 0.255))


@given(st.floats(0, 1))
def test_numbers_are_readable_on_every_color(position):
    def luminance(color):
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in color[:3]]
        return np.dot((0.2126, 0.7152, 0.0722), linear)

    color = COLORS(position)
    light, dark = sorted((luminance(color), {"black": 0.0, "white": 1.0}[ink_on(color)]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_color_map_rises_in_gray():
    gray = COLORS(np.linspace(0, 1, 256))[:, :3] @ (0.2126, 0.7152, 0.0722)
    assert np.all(np.diff(gray) > 0)


def test_png_and_pdf_are_written_and_overwritten(tmp_path):
    folder = tmp_path / "new" / "folder"
    runs = grid_search_runs("scenes-demo", "ImageNet")
    for _ in range(2):
        paths = write_heat_map(runs, results(), "ImageNet", [NOTE], folder, "grid")
    assert [path.name for path in paths] == ["grid.png", "grid.pdf"]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert [path.read_bytes()[:4] for path in paths] == [b"\x89PNG", b"%PDF"]
