import contextlib
import dataclasses
import functools
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_segmentation.data.color import rgb_to_lab
from selfsup_segmentation.data.labels import CLASS_NAMES, colorize
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.pictures import read_picture
from selfsup_segmentation.experiments.datasets.library import Library
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.finished import export as exporting
from selfsup_segmentation.experiments.finished import formats, runtimes
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.models import segmentation_only
from tests.refused import refused, reproduce

pytestmark = pytest.mark.usefixtures("narrow_network")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "overlay_onnx.py"
# Another program, without this project, and TensorFlow only for the formats that need it. It runs the example
# and then computes the classes of images by format: ``program paths of the files as JSON, images, out``.
STRANGER = f"""
import json, runpy, sys
import numpy as np
sys.modules["selfsup_segmentation"] = None
paths, folder, classes = json.loads(sys.argv[1]), sys.argv[2], {{}}
sys.argv = ["overlay_onnx.py", paths["onnx"], folder, folder + "/out"]
runpy.run_path({str(EXAMPLE)!r}, run_name="__main__")
images, fixed = np.load(folder + "/images.npy"), np.load(folder + "/fixed.npy")

import onnxruntime
classes["onnx"] = onnxruntime.InferenceSession(paths["onnx"]).run(["train_ids"], {{"image": images}})[0]

from ai_edge_litert.interpreter import Interpreter
lite = Interpreter(paths["tflite"])
index = lite.get_input_details()[0]["index"]
lite.resize_tensor_input(index, fixed.shape)
lite.allocate_tensors()
lite.set_tensor(index, fixed)
lite.invoke()
classes["tflite"] = lite.get_tensor(lite.get_output_details()[0]["index"])
assert not {{"tensorflow", "keras"}} & set(sys.modules)

import tensorflow as tf
loaded = tf.saved_model.load(paths["savedmodel"])
classes["savedmodel"] = loaded.signatures["serving_default"](image=tf.constant(images))["train_ids"].numpy()

import keras
classes["keras"] = np.asarray(keras.saving.load_model(paths["keras"])(images))
np.savez(folder + "/classes.npz", **classes)
"""
KINDS = ("onnx", "tflite", "savedmodel", "keras")
opened = functools.cache(FinishedRun.open)


@pytest.fixture(scope="module")
def exported(folder, tmp_path_factory):
    """Function of a format that returns the file with trainIds and what the command printed; cached."""

    @functools.cache
    def exported(kind):
        path = tmp_path_factory.mktemp(kind) / f"network{formats.ENDINGS[kind]}"
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            assert reproduce("export", folder, "--format", kind, "--out", path) == 0
        return path, output.getvalue()

    return exported


@pytest.fixture(scope="module")
def stranger(exported, tmp_path_factory):
    """Folder of images in which another program ran, and what it printed."""
    given = tmp_path_factory.mktemp("images")
    image = Image.fromarray(noise(75, 131, count=1)[0])
    image.save(given / "odd.png")
    tags = image.getexif()
    tags[274] = 6  # orientation: turn by 90°
    image.save(given / "turned.jpg", exif=tags)
    Image.fromarray(np.zeros((32, 64), np.uint16)).save(given / "deep.png")
    np.save(given / "images.npy", noise(64, 96))
    np.save(given / "fixed.npy", noise(32, 64))
    paths = json.dumps({kind: str(exported(kind)[0]) for kind in KINDS})
    command = [sys.executable, "-I", "-c", STRANGER, paths, given]
    return given, subprocess.run(command, capture_output=True, text=True, check=True, cwd=given).stdout


def expected(folder, images):
    """Logits of the run's own network, with its statistics of Lab images."""
    network = opened(folder).network
    with network.stream("lab"):
        lab = network.preparation.network_input(rgb_to_lab(images))
        return segmentation_only(network.model)(lab, training=False).numpy()


def noise(height, width, count=3):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_another_program_predicts_as_the_run_does(folder, exported, stranger, kind):
    path, output = exported(kind)
    assert all(word in output for word in ("at all of the pixels", "MB", "thread", str(path)))
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, f"{path.name}.json"]
    facts = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert (facts["same_class"], facts["images"], facts["size"]) == (1.0, 2, [64, 32])
    assert len(facts["classes"]) == len(facts["palette"]) == 19
    # Another number of images; where the format allows it, another size as well.
    logits = expected(folder, noise(32, 64) if kind == "tflite" else noise(64, 96))
    with np.load(stranger[0] / "classes.npz") as classes:
        assert len(np.unique(classes[kind])) > 2
        assert classes[kind].shape == logits.shape[:3]
        assert classes[kind].dtype == np.uint8
        assert (classes[kind] == logits.argmax(-1)).mean() > 0.9999


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_another_size_or_type_is_refused(exported, kind):
    call = runtimes._READ[kind](exported(kind)[0], 1)
    for height in (31, 33, 63):  # 31 and 63 rows fit the encoder's strides as 32 and 64 do
        with pytest.raises(Exception, match=r"broadcast|[Dd]imension|elements"):
            call(noise(height, 64))
    floats = noise(32, 64).astype(np.float32)
    if kind == "keras":  # which casts images before a network sees them
        np.testing.assert_array_equal(call(floats), call(noise(32, 64)))
        floats[1:] /= 255
        assert [np.unique(classes).max() == 255 for classes in call(floats)] == [False, True, True]
        assert call(floats)[1:].min() == 255
    else:
        with pytest.raises(Exception, match=r"(?i)cast|type"):
            call(floats / 255)


def test_the_example_colors_images_with_nothing_of_this_project(folder, stranger):
    given, output = stranger
    said = dict(line.split(": ", 1) for line in output.strip().splitlines())
    assert said.pop("deep.png") == "skipped, more than 8 bits a channel"
    for name, classes_named in said.items():
        image = read_picture(given / name)
        seen = np.asarray(Image.fromarray(image).resize((64, 32), Image.Resampling.BOX))[None]
        classes = expected(folder, seen)[0].argmax(-1).astype(np.uint8)
        assert set(classes_named.split(", ")) == {CLASS_NAMES[train_id] for train_id in np.unique(classes)}
        size = image.shape[1::-1]
        colors = np.asarray(Image.fromarray(colorize(classes)).resize(size, Image.Resampling.NEAREST))
        with Image.open(given / "out" / f"{Path(name).stem}_overlay.png") as overlay:
            assert np.abs(np.array(overlay) - (image / 2 + colors / 2)).max() <= 1
    assert sorted(said) == ["odd.png", "turned.jpg"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS[:-1])  # that of a Keras file is below
def test_logits_are_those_of_the_run(folder, kind, tmp_path, capsys):
    path = tmp_path / f"network{formats.ENDINGS[kind]}"
    assert reproduce("export", folder, "--format", kind, "--out", path, "--logits") == 0
    assert "largest difference of a logit" in capsys.readouterr().out
    images = noise(32, 64)
    np.testing.assert_allclose(runtimes._READ[kind](path, 1)(images), expected(folder, images), atol=1e-4)


def test_the_statistics_are_those_of_lab_images_and_not_the_shared_ones(folder):
    """Otherwise the comparison above could not distinguish them."""
    network = opened(folder).network
    segment = segmentation_only(network.model)
    images = network.preparation.network_input(noise(32, 64).astype("float32"))
    own = segment(images, training=False)
    with network.stream("lab"):
        lab = segment(images, training=False)
    assert np.abs(own - lab).max() > 1e-2


def test_a_file_that_computes_something_else_is_not_left_behind(folder, tmp_path, capsys, monkeypatch):
    def write_changed(kind, network, *arguments):
        head = network.get_layer("decoder_seg").get_layer("final_conv")
        head.bias.assign_add(np.eye(19, dtype="float32")[3] * 100)
        return runtimes.write_and_read(kind, network, *arguments)

    monkeypatch.setattr(exporting, "write_and_read", write_changed)
    path = tmp_path / "network.keras"
    path.write_bytes(b"an older one")
    sentence = refused(capsys, "export", folder, "--format", "keras", "--out", path)
    assert "network.keras" in sentence and "was not written" in sentence
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"an older one"


def test_classes_may_differ_only_between_equal_logits(tmp_path):
    logits = np.zeros((1, 1, 2, 19), "float32")
    logits[..., 4], logits[0, 0, 0, 5], logits[0, 0, 1, 5] = 1.0, 1.0 - 5e-5, 0.5

    def compare(output, is_logits=False):
        return exporting._compare(lambda image: output, lambda image: logits, [None], is_logits, tmp_path)

    same, close, different = np.array([[[4, 4]], [[5, 4]], [[4, 5]]], np.uint8)[:, None]
    assert compare(same)["same_class"] == 1.0
    assert compare(close)["same_class"] == 0.5
    assert compare(close)["largest_gap"] == pytest.approx(5e-5, rel=1e-2)
    for output, is_logits, reason in ((different, False, r"5\.0e-01"), (logits * np.nan, True, "inf")):
        with pytest.raises(exporting.InputError, match=reason):
            compare(output, is_logits)


def test_a_missing_package_is_named_with_its_command(folder, capsys, monkeypatch):
    monkeypatch.setitem(formats.PACKAGES, "onnx", ("onnx", "no_such_package"))
    sentence = refused(capsys, "export", folder, "--format", "onnx")
    assert "no_such_package" in sentence and "pip install" in sentence


def test_a_converter_that_fails_is_one_sentence(folder, tmp_path, capsys, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("cannot convert\n" + "graph\n" * 1000)

    monkeypatch.setitem(runtimes._WRITE, "keras", fail)
    sentence = refused(capsys, "export", folder, "--format", "keras", "--out", tmp_path / "network")
    assert "cannot convert" in sentence and "graph" not in sentence
    assert not list(tmp_path.iterdir())


def test_of_a_run_in_another_precision_the_weights_are_exported_as_they_are(folder, tmp_path):
    finished = FinishedRun.open(folder)
    readings = dataclasses.replace(finished.run.readings, precision="mixed_bfloat16")
    rounded = dataclasses.replace(finished, run=dataclasses.replace(finished.run, readings=readings))
    library = Library(Source(CITYSCAPES, folder.parents[4] / "scenes"), None)
    path = tmp_path / "network.keras"
    facts = exporting.export_segmentation(rounded, library, "keras", path, logits=True)
    assert facts["largest_difference"] < 1e-4
    images = noise(32, 64)
    np.testing.assert_allclose(runtimes._READ["keras"](path, 1)(images), expected(folder, images), atol=1e-4)


def test_a_run_without_segmentation_has_nothing_to_export(folder, tmp_path):
    finished = FinishedRun.open(folder)
    depth = dataclasses.replace(finished, run=dataclasses.replace(finished.run, tasks=("depth",)))
    with pytest.raises(exporting.InputError, match="no segmentation"):
        exporting.export_segmentation(depth, None, "keras", tmp_path / "network.keras")


def test_neither_other_files_are_replaced_nor_the_data_written_to(folder, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    for place, reason in ((tmp_path, "something else"), (folder.parents[4] / "scenes" / "new", "data set")):
        assert reason in refused(capsys, "export", folder, "--format", "savedmodel", "--out", place)
    assert (tmp_path / "thesis.txt").exists()
