"""Keras' own settings, which keras.json and the environment decide for every network of a process."""

import json
import os
from pathlib import Path

from selfsup_segmentation.data.errors import InputError

NEEDED = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


def adopt():
    """Set Keras as the networks of this project need it; for a process that does nothing else.

    Raises:
        InputError: Keras computes with another library than TensorFlow, or is Keras 2.
    """
    keras = _import_keras()
    for name, value in NEEDED.items():
        getattr(keras.config, f"set_{name}")(value)


def check():
    """Raise `InputError` where Keras is set otherwise than the networks of this project need it."""
    keras = _import_keras()
    for name, needed in NEEDED.items():
        value = getattr(keras.config, name)()
        if value != needed:
            raise InputError(
                f"Keras' {name} is {value}: remove it from {_file()}, or call "
                f"keras.config.set_{name}({needed!r}) before this import."
            )


def _import_keras():
    """Keras; its backend is checked before, because the import fails where that is not installed."""
    if os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
        raise InputError("TF_USE_LEGACY_KERAS selects Keras 2, and the networks need Keras 3; unset it.")
    name, backend = "KERAS_BACKEND", os.environ.get("KERAS_BACKEND")
    if not backend:
        name, backend = _file(), _in_file().get("backend", "tensorflow")
    if backend != "tensorflow":
        raise InputError(
            f"{name} selects {backend} as the backend of Keras, and the networks need TensorFlow; set "
            "KERAS_BACKEND=tensorflow in the environment."
        )
    try:
        import keras
    except ValueError as error:  # a value that Keras does not have
        raise InputError(f"{_file()} cannot be used ({error}); fix or remove it.") from error
    return keras


def _file():
    """Where Keras looks for its settings."""
    home = Path("~").expanduser()
    default = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
    return Path(os.environ.get("KERAS_HOME", default)).expanduser() / "keras.json"


def _in_file():
    try:
        settings = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # which Keras takes for an empty one
        return {}
    return settings if isinstance(settings, dict) else {}
