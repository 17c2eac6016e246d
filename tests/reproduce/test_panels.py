import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from selfsup_segmentation.data.labels import IGNORE
from selfsup_segmentation.reproduce.figures import panels
from selfsup_segmentation.reproduce.figures.panels import Column

NOTE = "DEMO SCALE on embedded street scenes: not comparable with the paper."


def grid():
    """Two rows of four kinds of images; the images are 200x100 and 200x50."""
    labels = [np.full((100, 200), 13, np.uint8), np.full((50, 200), IGNORE, np.uint8)]
    measured = [np.full((50, 100), 4.0, np.float32), np.full((25, 100), np.nan, np.float32)]
    predicted = [np.full((50, 100), 30.0, np.float32), np.full((25, 100), 2.0, np.float32)]
    columns = [
        Column("original", "image", [np.zeros((100, 200, 3), np.uint8), np.zeros((50, 200, 3), np.uint8)]),
        Column("ground truth", "labels", labels),
        Column("measured", "disparity", measured),
        Column("predicted", "disparity", predicted),
    ]
    sizes = [(200, 100), (200, 50)]
    return panels.draw(columns, sizes, ["first", "second"], [NOTE], ["Costs $5_000$."], "px")


def images_of(figure):
    return figure.findobj(matplotlib.image.AxesImage)


def test_texts_keys_and_notes():
    written = [text.get_text() for text in grid().findobj(Text)]
    assert {"original", "ground truth", "measured", "predicted", "first", "second", NOTE} <= set(written)
    costs = [text for text in grid().findobj(Text) if "$" in text.get_text()]
    assert costs and not any(text.get_parse_math() for text in costs)  # a name with a dollar is no formula
    assert {"car", "unlabeled", "not measured"} < set(written) and "road" not in written
    assert any("disparity, px" in text for text in written)


def test_panels_keep_the_shape_of_their_image():
    figure = grid()
    figure.draw_without_rendering()
    shapes = [image.axes.get_window_extent() for image in images_of(figure)]
    ratios = [shape.width / shape.height for shape in shapes]
    assert ratios[:8] == pytest.approx([2.0] * 4 + [4.0] * 4, rel=1e-6)


def test_unlabeled_pixels_are_black_and_classes_have_their_colors():
    first, second = (images_of(grid())[place].get_array() for place in (1, 5))
    assert np.unique(first.reshape(-1, 3), axis=0).tolist() == [[0, 0, 142]]  # a car in the official colors
    assert not second.any()


def test_all_disparities_have_the_scale_of_the_measured_ones():
    shown = [images_of(grid())[place] for place in (2, 3, 6, 7)]
    assert {(image.norm.vmin, image.norm.vmax) for image in shown} == {(0, 4)}


def test_a_figure_is_written_atomically(tmp_path, monkeypatch):
    path = tmp_path / "figure.pdf"
    panels.save(grid(), path)
    before = path.read_bytes()
    assert before.startswith(b"%PDF") and before.rstrip().endswith(b"%%EOF")

    def fail(self, file, **options):
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        panels.save(grid(), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["figure.pdf"]


@pytest.mark.parametrize("columns", [1, 4, 6])
def test_no_text_runs_out_of_the_figure(columns):
    column = Column("original", "image", [np.zeros((10, 20, 3), np.uint8)])
    long = [" ".join([NOTE] * 5)]
    figure = panels.draw([column] * columns, [(20, 10)], long, long, long)
    figure.draw_without_rendering()
    for text in figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_text()):
        extent = text.get_window_extent()
        assert 0 <= extent.x0 <= extent.x1 <= figure.bbox.x1
        assert 0 <= extent.y0 <= extent.y1 <= figure.bbox.y1


@pytest.mark.parametrize("name", ["figure.png", "FIGURE.PNG"])
def test_a_picture_has_the_size_of_its_figure(tmp_path, name):
    figure = grid()
    with Image.open(panels.save(figure, tmp_path / name)) as picture:
        assert picture.size == pytest.approx(figure.get_size_inches() * panels.DPI, abs=1)


@pytest.mark.parametrize("kind", ["pdf", "svg"])
def test_the_same_figure_has_the_same_bytes(tmp_path, kind):
    first, second = (panels.save(grid(), tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
    assert (b"<svg" if kind == "svg" else b"%PDF") in first
    assert first == second


@pytest.mark.parametrize("disparity", [0.0, np.nan])
def test_a_disparity_without_extent_can_be_drawn(tmp_path, disparity):
    column = Column("measured", "disparity", [np.full((10, 20), disparity, np.float32)])
    panels.save(panels.draw([column], [(20, 10)], ["nothing near"]), tmp_path / "figure.png")
