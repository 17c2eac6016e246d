import hashlib
import os
import subprocess
import sys
import urllib.error
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.models import build_encoder, build_multitask_unet
from selfsup_segmentation.models.imagenet_files import FILES
from selfsup_segmentation.models.initialization import (
    copy_parts,
    find_imagenet_weights,
    initialize_randomly,
    load_imagenet,
)
from tests.models import assert_all_equal, images, largest_difference, publish, stir

REPOSITORY = Path(__file__).resolve().parents[2]
TASKS = ("seg", "color", "depth")
FILE, URL, _ = FILES["resnet18"]

# What wrote the published file: Keras 2, whose layers these are. Random weights stand in for ImageNet's.
KERAS_2 = """
import sys
import numpy as np
from tensorflow import keras
from classification_models.models.resnet import ResNet18

assert keras.__name__.startswith("tf_keras"), keras.__name__
folder, draw = sys.argv[1], np.random.default_rng(0)
modules = {name: getattr(keras, name) for name in ("backend", "layers", "models", "utils")}
network = ResNet18(input_shape=(None, None, 3), weights=None, include_top=False, **modules)
for variable in network.variables:
    kind = variable.name.split("/")[-1].split(":")[0]
    if kind != "kernel":
        low, high = (0.5, 1.5) if kind in ("gamma", "moving_variance") else (-0.3, 0.3)
        variable.assign(draw.uniform(low, high, variable.shape))
data = network.get_layer("bn_data")
data.moving_mean.assign([123.7, 116.8, 103.9])
data.moving_variance.assign([3400.0, 3300.0, 3500.0])
network.save_weights(f"{folder}/resnet18.h5")
skips = ("stage4_unit1_relu1", "stage3_unit1_relu1", "stage2_unit1_relu1", "relu0")
tensors = [network.output, *(network.get_layer(skip).output for skip in skips)]
images = draw.integers(0, 256, (2, 64, 96, 3)).astype("float32")
features = keras.Model(network.input, tensors)(images, training=False)
statistics = {"mean": data.moving_mean.numpy(), "variance": data.moving_variance.numpy()}
maps = {f"feature_{i}": feature.numpy() for i, feature in enumerate(features)}
np.savez(f"{folder}/expected.npz", images=images, **statistics, **maps)
"""


def run_python(code, *arguments, **environment):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    result = subprocess.run(
        command, env=os.environ | environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


@pytest.fixture(scope="module")
def keras_2(tmp_path_factory):
    """Folder with weights of a network of Keras 2, and its outputs."""
    pytest.importorskip("tf_keras")
    folder = tmp_path_factory.mktemp("keras2")
    run_python(KERAS_2, folder, TF_USE_LEGACY_KERAS="1", SM_FRAMEWORK="tf.keras")
    return folder


@pytest.fixture
def published(keras_2, monkeypatch):
    """The stand-in, taken for the published file."""
    path = keras_2 / "resnet18.h5"
    publish(monkeypatch, path.read_bytes())
    return path


@pytest.fixture(scope="module")
def model():
    return build_multitask_unet(TASKS, color_input="embed1x1")


@pytest.fixture(scope="module")
def encoder():
    return build_encoder()


def convolutions(part):
    return [layer for layer in part.layers if isinstance(layer, keras.layers.Conv2D)]


def kernels(model, part):
    return [layer.kernel.numpy() for layer in convolutions(model.get_layer(part))]


def fans(kernel):
    field = np.prod(kernel.shape[:-2])
    return field * kernel.shape[-2], field * kernel.shape[-1]


def assert_uniform(kernel, limit):
    """Its values fill [-limit, limit] evenly."""
    assert np.abs(kernel).max() <= limit * (1 + 1e-6)
    tolerance = 5 / np.sqrt(kernel.size)  # 5 standard errors and more
    assert abs(np.std(kernel) / (limit / np.sqrt(3)) - 1) < tolerance
    assert abs(np.mean(kernel)) < tolerance * limit


@pytest.mark.parametrize("part", ["encoder", *(f"decoder_{task}" for task in TASKS)])
def test_every_convolution_is_drawn_from_glorots_distribution(model, part):
    initialize_randomly(model, seed=0)
    drawn = kernels(model, part)
    assert len(drawn) == (21 if part == "encoder" else 11)
    for kernel in drawn:
        assert_uniform(kernel, np.sqrt(6 / sum(fans(kernel))))


def test_he_is_for_decoders_alone(model):
    initialize_randomly(model, seed=0)
    encoder = kernels(model, "encoder")
    initialize_randomly(model, seed=0, initializer="he_uniform")
    assert_all_equal(kernels(model, "encoder"), encoder)
    for task in TASKS:
        for kernel in kernels(model, f"decoder_{task}"):
            assert_uniform(kernel, np.sqrt(6 / fans(kernel)[0]))


def test_the_seed_decides(model):
    drawn = {}
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        keras.utils.set_random_seed(seed + len(drawn))  # the global generator has no part in it
        initialize_randomly(model, seed)
        drawn[name] = kernels(model, "encoder") + kernels(model, "decoder_seg")
    for first, again, other in zip(*drawn.values(), strict=True):
        np.testing.assert_array_equal(first, again)
        assert np.mean(first == other) < 0.01


def test_no_two_convolutions_start_the_same(model):
    initialize_randomly(model, seed=0)
    starts = [
        tuple(kernel.ravel()[:8])
        for part in ("encoder", *(f"decoder_{t}" for t in TASKS))
        for kernel in kernels(model, part)
    ]
    assert len(set(starts)) == len(starts) == 21 + 3 * 11


def test_a_start_does_not_depend_on_what_else_there_is(model):
    initialize_randomly(model, seed=5)
    fewer = build_multitask_unet(("color",))
    initialize_randomly(fewer, seed=5)
    for part in ("encoder", "decoder_color"):
        assert_all_equal(kernels(fewer, part), kernels(model, part))


def test_an_embedding_is_drawn_too(model):
    embedding = model.get_layer("embedding")
    embedding.kernel.assign(embedding.kernel * 0)
    initialize_randomly(model, seed=0)
    assert 0 < np.abs(embedding.kernel).min() <= np.abs(embedding.kernel).max() <= np.sqrt(6 / (1 + 3))


def test_all_but_kernels_stays(model):
    stir(model)
    others = [variable for variable in model.variables if variable.name != "kernel"]
    before = [variable.numpy() for variable in others]
    initialize_randomly(model, seed=0)
    assert_all_equal(others, before)


def test_weights_of_keras_2_compute_what_they_did_there(keras_2, encoder):
    load_imagenet(encoder, keras_2 / "resnet18.h5")
    data = encoder.get_layer("bn_data")
    np.testing.assert_array_equal(data.moving_mean, np.zeros(3))
    np.testing.assert_array_equal(data.moving_variance, np.ones(3))
    with np.load(keras_2 / "expected.npz") as expected:
        data.moving_mean.assign(expected["mean"])
        data.moving_variance.assign(expected["variance"])
        features = encoder(expected["images"], training=False)
        for index, feature in enumerate(features):
            assert largest_difference(feature, expected[f"feature_{index}"]) < 5e-6


def test_with_the_statistics_reset_standardized_images_are_what_rgb_was(keras_2, encoder):
    load_imagenet(encoder, keras_2 / "resnet18.h5")
    with np.load(keras_2 / "expected.npz") as expected:
        standardized = (expected["images"] - expected["mean"]) / np.sqrt(expected["variance"])
        deepest = encoder(standardized, training=False)[0]
        assert largest_difference(deepest, expected["feature_0"]) < 1e-3  # ε weighs more at variance 1


def test_loading_replaces_every_weight(keras_2, encoder):
    for variable in encoder.variables:
        variable.assign(np.full(variable.shape, 77.0))
    load_imagenet(encoder, keras_2 / "resnet18.h5")
    assert not [v.path for v in encoder.variables if np.any(v.numpy() == 77.0)]


def write_hdf5_without_weights(path):
    with h5py.File(path, "w") as file:
        file["temperature"] = np.zeros(3)


WRONG = {
    "half a file": lambda path, valid: path.write_bytes(valid[: len(valid) // 2]),
    "overwritten": lambda path, valid: path.write_bytes(
        valid[:5_000_000] + bytes(35_000_000) + valid[40_000_000:]
    ),
    "no HDF5": lambda path, valid: path.write_text("<html>404: Not Found</html>"),
    "no weights": lambda path, valid: write_hdf5_without_weights(path),
    "missing": lambda path, valid: None,
}


@pytest.mark.parametrize("write", WRONG.values(), ids=WRONG)
def test_what_is_not_the_weights_of_the_encoder_is_refused_by_name(keras_2, encoder, write, tmp_path):
    path = tmp_path / "weights.h5"
    write(path, (keras_2 / "resnet18.h5").read_bytes())
    with pytest.raises(InputError, match="not the weights of this encoder") as refused:
        load_imagenet(encoder, path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_given_file_is_taken_and_none_is_a_reason(published):
    assert find_imagenet_weights(str(published)) == (published, None)
    assert find_imagenet_weights("none") == (None, "no ImageNet weights (--imagenet-weights none)")


def test_a_given_file_with_another_checksum_is_an_error(keras_2):
    path = keras_2 / "resnet18.h5"
    with pytest.raises(InputError, match="318e3ac0cd98d51e917526c9f62f0b50") as wrong:
        find_imagenet_weights(str(path))
    assert str(path) in str(wrong.value)
    assert hashlib.md5(path.read_bytes()).hexdigest() in str(wrong.value)


FIND = """
import sys
from selfsup_segmentation.models import imagenet_files, initialization
imagenet_files.FILES["resnet18"] = tuple(sys.argv[1:])
print("found", *initialization.find_imagenet_weights("auto"))
"""


def test_a_file_in_keras_cache_is_found_without_network(published, tmp_path):
    (tmp_path / "models").mkdir()
    cached = tmp_path / "models" / FILE
    cached.write_bytes(published.read_bytes())
    printed = run_python(FIND, *FILES["resnet18"], KERAS_HOME=str(tmp_path))
    assert f"found {cached} None" in printed
    assert "Downloading" not in printed


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (urllib.error.URLError(OSError(-2, "Name or service not known")), "Name or service not known"),
        (urllib.error.HTTPError(URL, 404, "Not Found", None, None), "Not Found"),
        (TimeoutError("The read operation timed out"), "timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), "reset by peer"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failed_download_is_a_reason_and_no_exception(empty_cache, monkeypatch, failure, reason):
    def fail(*_):
        raise failure

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    path, message = find_imagenet_weights("auto")
    assert path is None
    assert all(part in message for part in (reason, "--imagenet-weights", FILE)) and "None" not in message
    assert not list(empty_cache.rglob("*.h5"))


def test_a_download_goes_into_the_cache(empty_cache, published, monkeypatch):
    asked = []

    def fetch(url, target, _):
        asked.append(url)
        Path(target).write_bytes(published.read_bytes())

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fetch)
    for _ in range(2):
        path, reason = find_imagenet_weights("auto")
        assert (path, reason) == (empty_cache / "models" / FILE, None)
    assert asked == [URL]


def test_copies_exactly_the_named_parts(model):
    source = build_multitask_unet(("color", "depth"), color_input="embed1x1")
    for network, seed in ((source, 1), (model, 2)):
        stir(network, seed)
        initialize_randomly(network, seed)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    copied = copy_parts(source, model, ["encoder", "embedding", "decoder_seg", "decoder_depth"])
    assert sorted(copied) == ["decoder_depth", "embedding", "encoder"]  # the source has no decoder_seg
    for layer in model.layers:
        expected = source.get_layer(layer.name).get_weights() if layer.name in copied else before[layer.name]
        assert_all_equal(layer.get_weights(), expected)
    batch = {"lab": images(1), "gray": images(1)}
    depths = (network(batch, training=False)["depth"] for network in (model, source))
    np.testing.assert_array_equal(*depths)
