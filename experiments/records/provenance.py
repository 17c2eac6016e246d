"""Provenance of a result: code, package versions and the machine."""

import ast
import functools
import hashlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "segmentation-models", "numpy", "scikit-image", "pillow")

# Folders of the code that decides numbers. The scenes are data, which has a fingerprint of its own.
_FOLDERS = (
    *("data", "losses", "models", "weighting", "experiments"),
    *(f"experiments/{room}" for room in ("datasets", "evaluation", "tasks", "training")),
)


@functools.cache
def versions():
    """Versions of the packages that decide numbers."""
    return {package: version(package) for package in PACKAGES}


@functools.cache
def machine():
    """The machine as far as it decides bits, and its memory.

    Returns:
        dict: name of the ``gpu`` or None, model of the ``cpu``, ``cores`` available to this process,
        ``threads`` that TensorFlow uses within an operation and for independent ones (0: as many as cores),
        ``onednn`` as the environment sets it, ``ram_gib``.
    """
    import tensorflow as tf  # the digests are also for commands without it

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return {
        "gpu": details[0].get("device_name", "GPU") if details else None,
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "threads": [
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
        ],
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
    }


@functools.cache
def code_digest():
    """Digest of the code that decides a run's numbers, regardless of comments, docstrings and layout."""
    root, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in (path for folder in _FOLDERS for path in sorted((root / folder).glob("*.py"))):
        tree = _without_docstrings(ast.parse(path.read_bytes()))
        digest.update(f"{path.relative_to(root)} {ast.dump(tree)}\n".encode())
    return digest.hexdigest()[:12]


def git_commit():
    """Commit of this code, with ``-dirty`` after changes; None where no repository of this project has it.

    A wheel or an unpacked archive may lie inside another repository, whose commit says nothing of this code.
    """
    file = Path(__file__).resolve()

    def git(*arguments):
        command = ["git", *arguments]
        return subprocess.check_output(command, cwd=file.parent, stderr=subprocess.DEVNULL, text=True).strip()

    try:
        git("ls-files", "--error-unmatch", file.name)
        if Path(git("rev-parse", "--show-toplevel")).resolve() != file.parents[2]:
            return None
        return git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.CalledProcessError):
        return None


def _without_docstrings(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body[0] = ast.Pass()
    return tree
