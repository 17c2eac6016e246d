"""What keras.json and the environment say is set, or refused by name, in the command and in the library."""

import json
import os
import subprocess
import sys

import keras
import pytest

from selfsup_segmentation.data import keras_settings
from selfsup_segmentation.data.errors import InputError

COMMAND = """
import keras
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow
assert (keras.config.floatx(), keras.config.image_data_format()) == ("float16", "channels_first")
import_tensorflow()
assert keras.config.floatx() == "float32" and keras.config.epsilon() == 1e-7
from selfsup_segmentation.models import build_multitask_unet
model = build_multitask_unet(["seg"])
assert model.output["seg"].shape[-1] == 19 and model.weights[0].dtype == "float32"
"""


@pytest.mark.parametrize(
    ("variable", "value"),
    [("KERAS_BACKEND", "jax"), ("TF_USE_LEGACY_KERAS", "1"), ("TF_USE_LEGACY_KERAS", "True")],
)
@pytest.mark.parametrize("function", [keras_settings.adopt, keras_settings.check])
def test_what_cannot_be_set_is_refused_by_name(variable, value, function, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=f"{variable} .*(unset it|KERAS_BACKEND=tensorflow)"):
        function()


def test_another_backend_in_the_file_is_refused_unless_the_environment_overrides_it(tmp_path, monkeypatch):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    with pytest.raises(InputError, match=r"keras\.json selects torch"):
        keras_settings.check()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    keras_settings.check()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("floatx", "float16"),
        ("floatx", "float64"),
        ("epsilon", 1e-3),
        ("image_data_format", "channels_first"),
    ],
)
def test_the_library_refuses_and_the_command_sets(name, value):
    getattr(keras.config, f"set_{name}")(value)
    try:
        with pytest.raises(InputError, match=rf"{name} is .*keras\.config\.set_{name}"):
            keras_settings.check()
    finally:
        keras_settings.adopt()
    keras_settings.check()


def test_a_command_computes_in_float32_whatever_keras_json_says(tmp_path):
    settings = {"floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    environment = os.environ | {"KERAS_HOME": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", COMMAND], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
