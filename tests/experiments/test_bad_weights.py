"""Files that a user brings in place of weights: one sentence names them, and nothing is unpickled."""

import ast
import io
import pickle
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from selfsup_segmentation.experiments.records.checkpoint import Checkpoints
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.training.network import build_model, imagenet_weights
from selfsup_segmentation.experiments.weightings import make_weighting
from selfsup_segmentation.models import build_encoder
from selfsup_segmentation.models.imagenet_files import FILES
from selfsup_segmentation.models.initialization import load_imagenet
from selfsup_segmentation.models.normalization import get_statistics, save_statistics
from selfsup_segmentation.reproduce.__main__ import main
from tests.conftest import REPOSITORY
from tests.experiments.conftest import tiny_run
from tests.models import publish, stir
from tests.refused import refused

NETWORK = "real"

FILE, _, MD5 = FILES["resnet18"]


class Bomb:
    """Makes a file as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def bomb(tmp_path):
    """A bomb that goes off in pickle; no test of this file may set it off."""
    hole = tmp_path / "unpickled"
    pickle.loads(pickle.dumps(Bomb(hole)))
    assert hole.exists()
    hole.unlink()
    yield Bomb(hole)
    assert not hole.exists()


def npy(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def as_keras_2(network):
    """The weights of a network as Keras 2 wrote them, in which format the published file is."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        layers = [layer for layer in network.layers if layer.weights]
        file.attrs["layer_names"] = [layer.name for layer in layers]
        for layer in layers:
            group = file.create_group(layer.name)
            weights = [*layer.trainable_weights, *layer.non_trainable_weights]
            group.attrs["weight_names"] = [weight.path for weight in weights]
            for weight in weights:
                group[weight.path] = weight.numpy()
    return stream.getvalue()


@pytest.fixture(scope="module")
def encoder():
    return build_encoder()


@pytest.fixture(scope="module")
def published(encoder):
    """What stands in for the published file."""
    stir(encoder, seed=3)
    return as_keras_2(encoder)


def keras_archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("config.json", '{"class_name": "Lambda", "config": {}}')
    return stream.getvalue()


WRONG = {
    "empty": lambda published, bomb: b"",
    "a page": lambda published, bomb: b"<html>404: Not Found</html>",
    "cut off": lambda published, bomb: published[: len(published) // 2],
    "other values": lambda published, bomb: published[:-1] + bytes([published[-1] ^ 1]),
    "other network": lambda published, bomb: as_keras_2(build_encoder("resnet34")),
    "Keras 3": lambda published, bomb: keras_archive(),
    "pickle": lambda published, bomb: pickle.dumps(bomb),
    "object array": lambda published, bomb: npz(kernel=np.array([bomb], object)),
}


@pytest.mark.parametrize("kind", [*WRONG, "missing", "a folder"])
def test_what_is_not_the_published_file_is_refused_by_its_name(
    capsys, scenes, tmp_path, monkeypatch, published, bomb, kind
):
    publish(monkeypatch, published)
    path = tmp_path / f"weights {kind}.h5"
    if kind == "a folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(WRONG[kind](published, bomb))
    options = ["--row", "SS", "--init", "ImageNet", "--imagenet-weights", path, "--runs", tmp_path / "runs"]
    sentence = refused(capsys, "train", "--cityscapes", scenes.root, *options)
    assert f"--imagenet-weights {path}: " in sentence
    assert FILE in sentence
    assert not list((tmp_path / "runs").rglob("*.json"))


@pytest.mark.parametrize("path", ["~nosuchuser/weights.h5", "x" * 300, "loop"], ids=lambda path: path[:12])
def test_a_path_where_nothing_can_be_is_refused_by_its_name(capsys, scenes, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    options = ["--row", "SS", "--init", "ImageNet", "--imagenet-weights", path, "--runs", tmp_path / "runs"]
    sentence = refused(capsys, "train", "--cityscapes", scenes.root, *options)
    assert f"--imagenet-weights {path}: " in sentence


def test_a_file_of_another_network_with_the_right_sum_is_refused_before_a_run_begins(
    capsys, scenes, tmp_path, monkeypatch
):
    path = tmp_path / "weights.h5"
    path.write_bytes(as_keras_2(build_encoder("resnet34")))
    publish(monkeypatch, path.read_bytes())
    options = ["--row", "SS", "--init", "ImageNet", "--imagenet-weights", path, "--runs", tmp_path / "runs"]
    sentence = refused(capsys, "train", "--cityscapes", scenes.root, *options)
    assert f"{path}: not the weights of this encoder" in sentence
    assert not list((tmp_path / "runs").rglob("run.json"))


@pytest.mark.parametrize("name", ["weights", "a.weights.h5", "b.keras", "ä 日本 [x]*? 100%.H5"])
def test_the_published_file_may_have_any_name(published, encoder, tmp_path, name):
    stir(encoder, seed=3)
    expected = [(v.path, v.numpy()) for v in encoder.variables if "bn_data/moving" not in v.path]
    stir(encoder, seed=4)
    (tmp_path / name).write_bytes(published)
    load_imagenet(encoder, tmp_path / name)
    found = {variable.path: variable.numpy() for variable in encoder.variables}
    for path, value in expected:
        np.testing.assert_array_equal(found[path], value, err_msg=path)


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """Keras' cache, empty; and nothing is known of earlier downloads."""
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "keras"))
    imagenet_weights.cache_clear()
    yield tmp_path / "keras" / "models" / FILE
    imagenet_weights.cache_clear()


@pytest.mark.parametrize("cached", [False, True], ids=["", "already cached"])
def test_a_download_that_was_cut_off_is_a_reason_in_the_table(
    capsys, scenes, tmp_path, monkeypatch, published, empty_cache, cached
):
    half = published[: len(published) // 2]
    monkeypatch.setattr(
        "keras.src.utils.file_utils.urlretrieve", lambda url, target, _: Path(target).write_bytes(half)
    )
    if cached:
        empty_cache.parent.mkdir(parents=True)
        empty_cache.write_bytes(half)
    options = ["--cityscapes", str(scenes.root), "--runs", str(tmp_path / "runs"), "--rows", "SSImageNet"]
    assert main(["table1", *options]) == 0
    said = capsys.readouterr()
    assert f"no ImageNet weights: {FILE}" in said.out
    assert "corrupted" in said.out
    assert MD5 in said.out
    assert "Traceback" not in said.err + said.out


@pytest.fixture(scope="module")
def network():
    """The network of the finished run."""
    model = build_model(tiny_run(("seg",)))
    stir(model)
    return model


@pytest.fixture(scope="module")
def pristine(network, scenes, tmp_path_factory):
    """Runs folder with one finished run, which nobody trained."""
    run, runs = tiny_run(("seg",)), tmp_path_factory.mktemp("pristine")
    folder = runs / run.folder
    Checkpoints(folder / "checkpoint", model=network, weighting=make_weighting(run)).save_as("final")
    save_statistics(folder / "statistics.npz", {"lab": get_statistics(network.get_layer("encoder"))})
    write_json(folder / "run.json", run.to_dict() | {"format": 1, "data": {"root": str(scenes.root)}})
    Results({}, {"sem_miou": 0.5}).write(folder)
    return runs


@pytest.fixture
def finished(pristine, network, tmp_path, monkeypatch):
    """The run's folder, to damage; its network is built but once."""
    monkeypatch.setattr("selfsup_segmentation.experiments.training.network.build_model", lambda run: network)
    return shutil.copytree(pristine, tmp_path / "runs") / tiny_run(("seg",)).folder


def test_the_finished_run_can_be_evaluated(finished, capsys):
    assert main(["evaluate", str(finished)]) == 0
    assert "recorded 0.500000" in capsys.readouterr().out


STATISTICS = {
    "object array": lambda whole, bomb: npz(**{"lab/000": np.array([bomb], object)}),
    "object array alone": lambda whole, bomb: npy(np.array([bomb], object)),
    "array alone": lambda whole, bomb: npy(np.zeros(3)),
    "pickle": lambda whole, bomb: pickle.dumps(bomb),
    "empty": lambda whole, bomb: b"",
    "cut off": lambda whole, bomb: whole[: len(whole) // 2],
    "overwritten": lambda whole, bomb: whole[:200] + bytes(2000) + whole[2200:],
}


@pytest.mark.parametrize("kind", [*STATISTICS, "missing", "a folder"])
def test_what_is_not_the_statistics_of_a_run_is_refused_by_its_name(finished, capsys, bomb, kind):
    path = finished / "statistics.npz"
    whole = path.read_bytes()
    path.unlink()
    if kind == "a folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(STATISTICS[kind](whole, bomb))
    sentence = refused(capsys, "evaluate", finished)
    assert f"{path} does not hold a run's BatchNorm statistics" in sentence


def cut_off(state):
    data = next(state.glob("state.data*"))
    data.write_bytes(data.read_bytes()[:-1000])


def overwrite(state):
    data = next(state.glob("state.data*"))
    whole = bytearray(data.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 64] = bytes(64)
    data.write_bytes(whole)


def empty_index(state):
    (state / "state.index").write_bytes(b"")


def other_network(state):
    shutil.rmtree(state)
    run = tiny_run(("depth",))
    Checkpoints(state.parent, model=build_model(run)).save_as(state.name)


@pytest.mark.parametrize(
    "damage", [cut_off, overwrite, empty_index, other_network, shutil.rmtree], ids=lambda f: f.__name__
)
def test_what_are_not_the_weights_of_a_run_is_refused_by_its_name(finished, capsys, damage):
    state = finished / "checkpoint" / "final"
    damage(state)
    sentence = refused(capsys, "evaluate", finished)
    assert f"{state} does not hold the weights of this run" in sentence
    assert f"remove {finished} to run it again" in sentence


@pytest.mark.parametrize("file", ["run.json", "metrics.json", "colors.json"])
def test_a_pickle_in_place_of_a_record_is_refused_by_its_name(finished, capsys, bomb, file):
    (finished / file).write_bytes(pickle.dumps(bomb))
    assert f"{finished / file} is damaged" in refused(capsys, "evaluate", finished)


UNPICKLE = {"pickle", "dill", "joblib", "shelve", "marshal", "enable_unsafe_deserialization"}


def test_the_program_has_nothing_that_unpickles():
    folders = ("data", "models", "losses", "weighting", "experiments", "reproduce")
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.py")]
    assert len(files) > 100
    for path in files:
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            assert not {getattr(node, key, None) for key in ("id", "attr", "name", "module")} & UNPICKLE, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert ast.unparse(node.value) == "False", path
