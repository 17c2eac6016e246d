"""The formats of an exported network by name: endings, and the packages that they need; no TensorFlow."""

from importlib.util import find_spec

from selfsup_segmentation.data.errors import InputError

ENDINGS = {"keras": ".keras", "savedmodel": "", "tflite": ".tflite", "onnx": ".onnx"}
PACKAGES = {"onnx": ("onnx", "tf2onnx", "onnxruntime"), "tflite": ("ai_edge_litert",)}


def require_packages(kind):
    """Raise `InputError` unless what writes and reads a format is installed."""
    missing = [name for name in PACKAGES.get(kind, ()) if find_spec(name) is None]
    if missing:
        raise InputError(
            f"--format {kind} needs {', '.join(missing)}: install with pip install "
            "'selfsup-segmentation[export]', in a checkout pip install -e '.[export]'."
        )
