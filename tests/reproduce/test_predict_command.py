import shutil

import numpy as np
import pytest
from PIL import Image, ImageOps

from selfsup_segmentation.data.color import rgb_to_lab
from selfsup_segmentation.data.decode import read_rgb
from selfsup_segmentation.data.labels import colorize, train_ids_to_ids
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.pictures import read_picture
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.finished.submission import predict_label_ids
from tests.refused import file_refused, refused, reproduce

pytestmark = pytest.mark.usefixtures("narrow_network")

ALL = ["color", "disparity", "disparity_color", "overlay", "train_ids"]


@pytest.fixture(scope="module")
def frames(folder):
    return sorted((folder.parents[4] / "scenes" / "leftImg8bit" / "val").rglob("*.png"))


def pixels(path):
    with Image.open(path) as image:
        return np.array(image)


def names(out):
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def test_images_of_any_size_and_kind(folder, tmp_path):
    given = tmp_path / "given"
    (given / "deep").mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 256, (75, 131, 3), np.uint8)
    Image.fromarray(picture).save(given / "odd.jpg")
    Image.fromarray(picture[..., 0]).save(given / "deep" / "grey.PNG")
    Image.fromarray(picture).convert("RGBA").save(given / "alpha.png")
    Image.fromarray(picture[:9, :7]).save(given / "tiny.bmp")
    (given / "notes.txt").write_text("no image")
    for place in ("._odd.jpg", "__MACOSX/odd.jpg", "deep/.ipynb_checkpoints/odd-checkpoint.jpg"):
        (given / place).parent.mkdir(exist_ok=True)
        (given / place).write_text("no image either")
    (tmp_path / "Thumbs.db").touch()
    out = tmp_path / "out"
    assert reproduce("predict", folder, given, tmp_path / "Thumbs.db", "--out", out) == 0
    stems = ("odd", "deep/grey", "alpha", "tiny")
    assert names(out) == sorted(f"{stem}_{name}.png" for stem in stems for name in ALL)
    for stem in stems:
        size = (9, 7) if stem == "tiny" else (75, 131)
        color, disparity, _, overlay, classes = (pixels(out / f"{stem}_{name}.png") for name in ALL)
        assert classes.shape == disparity.shape == size
        assert overlay.shape == color.shape == (*size, 3)
        assert (classes.dtype, disparity.dtype) == (np.uint8, np.uint16)
        assert classes.max() < 19 and disparity.min() > 0
        blended = read_picture(next(given.glob(f"{stem}.*"))) / 2 + colorize(classes) / 2
        assert np.abs(overlay - blended).max() <= 0.5


def test_an_image_of_the_data_is_predicted_as_the_evaluation_does(folder, frames, tmp_path):
    from selfsup_segmentation.experiments.datasets.library import Library

    library = Library(Source(CITYSCAPES, folder.parents[4] / "scenes"), None)
    ours = {frame.name: ids for frame, ids in predict_label_ids(FinishedRun.open(folder), library, "val")}
    assert reproduce("predict", folder, *frames, "--out", tmp_path, "--label-ids") == 0
    for frame in frames:
        classes = pixels(tmp_path / f"{frame.stem}_label_ids.png")
        expected = next(ids for name, ids in ours.items() if frame.name.startswith(name))
        np.testing.assert_array_equal(classes, expected)
        assert not (tmp_path / f"{frame.stem}_train_ids.png").exists()
    assert len(np.unique(classes)) > 2
    assert set(np.unique(classes)) <= set(train_ids_to_ids(np.arange(19)))


def test_disparity_is_in_px_of_the_image_and_color_keeps_its_lightness(folder, frames):
    network, image = FinishedRun.open(folder).network, read_rgb(frames[0])
    small, large = (network.predict(np.kron(image, np.ones((k, k, 1), np.uint8))) for k in (1, 2))
    # Both are the same 64x32 for the network; twice as wide an image has twice the disparity.
    np.testing.assert_allclose(large["depth"].mean(), 2 * small["depth"].mean(), rtol=1e-3)
    assert 0 < small["depth"].min() <= small["depth"].max() < 0.3 * image.shape[1]
    given, lab = rgb_to_lab(image).numpy(), rgb_to_lab(small["color"]).numpy()
    inside = np.abs(given[..., 0] - 50) < 25  # of these the colors can be shown
    assert np.abs(given - lab)[inside, 0].mean() < 2
    centers = network.preparation.statistics.bins.centers
    assert centers.min() - 5 < lab[..., 1:].min() < lab[..., 1:].max() < centers.max() + 5


def test_a_damaged_image_does_not_keep_the_others(folder, frames, tmp_path, capsys):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    for number, name in enumerate(("a", "b", "c")):
        shutil.copy(frames[number % 2], given / f"{name}.png")
    content = (given / "b.png").read_bytes()
    (given / "b.png").write_bytes(content[: len(content) // 2])
    sentence = refused(capsys, "predict", folder, given, "--out", out)
    assert "1 of 3" in sentence and "b.png" in sentence
    assert names(out) == sorted(f"{stem}_{name}.png" for stem in "ac" for name in ALL)


@pytest.mark.parametrize("damage", ["text", "half a jpeg", "sixteen bits", "a flipped bit"])
def test_an_image_that_cannot_be_read_is_named(damage, frames, tmp_path):
    path = tmp_path / ("image.jpg" if damage == "half a jpeg" else "image.png")
    if damage == "text":
        path.write_text("no image")
    elif damage == "sixteen bits":
        Image.fromarray(np.zeros((32, 64), np.uint16)).save(path)
    elif damage == "half a jpeg":
        Image.open(frames[0]).save(path)
        path.write_bytes(path.read_bytes()[:-700])
    else:
        content = bytearray(frames[0].read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(ValueError, match=path.name) as caught:
        read_picture(path)
    assert ("8 bits" in str(caught.value)) == (damage == "sixteen bits")


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_a_photo_is_turned_as_the_camera_was_held(tmp_path, ending):
    image, path = Image.fromarray(np.zeros((40, 60, 3), np.uint8)), tmp_path / f"photo.{ending}"
    image.paste("white", (0, 0, 30, 20))
    tags = image.getexif()
    for tags[274] in range(10):  # orientation
        image.save(path, exif=tags)
        with Image.open(path) as photo:
            expected = np.array(ImageOps.exif_transpose(photo))
        np.testing.assert_array_equal(read_picture(path), expected)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize(
    ("defect", "shape"),
    [
        (lambda exif: exif[:10], (40, 60, 3)),  # Pillow warns
        (lambda exif: exif[:-1], (60, 40, 3)),
        (lambda exif: exif.replace(b"MM", b"XX"), (40, 60, 3)),  # Pillow raises an error
        (lambda exif: exif.replace(b"\1\x0f\0\2", b"\1\x0f\0\5"), (60, 40, 3)),  # a name as a fraction
    ],
)
def test_a_defect_of_the_metadata_does_not_matter(tmp_path, ending, defect, shape):
    image, path = Image.effect_noise((60, 40), 80).convert("RGB"), tmp_path / f"photo.{ending}"
    tags = image.getexif()
    tags[271], tags[274] = "the maker's name", 6
    image.save(path, exif=defect(tags.tobytes()))
    assert read_picture(path).shape == shape


@pytest.mark.parametrize(("ending", "mode"), [("png", "RGB"), ("png", "L"), ("jpg", "RGB"), ("tif", "RGB")])
def test_one_limit_holds_for_all_formats(tmp_path, ending, mode, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 6_000_000)
    path = tmp_path / f"large.{ending}"
    for height, is_allowed in ((2000, True), (2001, False), (4001, False)):
        Image.new(mode, (3000, height)).save(path)
        if is_allowed:
            assert read_picture(path).shape == (height, 3000, 3)
        else:
            file_refused(read_picture, path, rf"too large.*{3000 * height} pixels.* at most 6000000;")


def test_options_that_cannot_be(folder, frames, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a").mkdir()
    pair = [tmp_path / "a" / "x.png", tmp_path / "x.png"]
    for path in pair:
        shutil.copy(frames[0], path)
    for reason, words in {
        "empty contains no image": [folder, tmp_path / "empty"],
        "nowhere.png does not exist": [folder, tmp_path / "nowhere.png"],
        "not the folder of a finished run": [tmp_path, frames[0]],
        "data set": [folder, frames[0], "--out", frames[0].parent],
        "same files": [folder, *pair, "--out", tmp_path / "out"],
    }.items():
        assert reason in refused(capsys, "predict", *words)
    assert not (tmp_path / "out").exists()


def test_no_image_is_overwritten(folder, frames, tmp_path, capsys):
    for name in ("x.png", "x_overlay.png"):
        shutil.copy(frames[0], tmp_path / name)
    assert "x_overlay.png" in refused(capsys, "predict", folder, tmp_path, "--out", tmp_path)
    assert (tmp_path / "x_overlay.png").read_bytes() == frames[0].read_bytes()
    assert names(tmp_path) == ["x.png", "x_overlay.png"]


def test_neither_the_data_nor_the_place_of_a_run_is_needed(folder, frames, tmp_path):
    moved, image = tmp_path / "a run", tmp_path / "image.png"
    shutil.copytree(folder, moved)
    shutil.copy(frames[0], image)
    data = folder.parents[4] / "scenes"
    hidden = data.rename(data.with_name("hidden"))
    try:
        assert reproduce("predict", moved, image) == 0
    finally:
        hidden.rename(data)
    assert names(moved / "predictions") == [f"image_{name}.png" for name in ALL]
