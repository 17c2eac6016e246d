"""What every test may use: quiet TensorFlow, and the real KITTI frames where they are present."""

import os
import signal
from pathlib import Path

import pytest

os.environ.setdefault("SM_FRAMEWORK", "tf.keras")  # segmentation-models reads it at import
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# A shell starts background jobs with SIGINT ignored; the processes of tests would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]


def shared_file(name: str) -> Path:
    """A file of the folder ``shared`` beside the repository; skips the test where it is absent."""
    path = REPOSITORY.parent / "shared" / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout")
    return path


@pytest.fixture(scope="session")
def kitti_sample() -> Path:
    """30 real KITTI 2015 frames (not part of the project: their licence is non-commercial)."""
    return shared_file("kitti2015-sample")
