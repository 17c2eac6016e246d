"""On what was measured: machine, versions, day."""

import datetime
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from selfsup_segmentation.reproduce.bench.worker import workers

PACKAGES = (
    "tensorflow",
    "keras",
    "segmentation-models",
    "numpy",
    "scikit-image",
    "pillow",
    "cityscapesScripts",
    "torch",
    "segmentation-models-pytorch",
)


def circumstances(scratch: Path) -> dict[str, Any]:
    """Plain data: ``date`` (UTC), ``machine`` (cpu, cores, ram_gib, gpu or None), ``versions``.

    Args:
        scratch: a folder for the log of the child that asks TensorFlow for a GPU.
    """
    with workers({"machine": ("machine", {})}, scratch) as started:
        machine = started["machine"].facts
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "versions": {"python": platform.python_version()} | _versions(),
    }


def _versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
