"""From options to data, scale, paths and readings; mistakes raise `InputError` with one sentence."""

import os
import sys
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import LAYOUTS
from selfsup_segmentation.experiments.datasets.source import SCENES_MARKER, Source
from selfsup_segmentation.experiments.options import Options
from selfsup_segmentation.experiments.readings import DECLARED, Readings
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.experiments.weightings import FOR_ONE_TASK, WEIGHTINGS
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def open_source(request, layout):
    """The data set of a layout that the options name; without one embedded scenes, rendered on first use."""
    if (root := getattr(request, layout)) is not None:
        return Source(LAYOUTS[layout], named_path(root, f"--{layout}"))
    if request.scale == "paper":
        raise InputError(f"--scale paper needs a data set: give its folder with --{layout}.")
    return demo_scenes(named_path(request.runs, "--runs"), layout)


def demo_scenes(runs, layout):
    """Embedded street scenes below the runs folder."""
    layout, progress = LAYOUTS[layout], progress_line("rendering street scenes")
    size = layout.demo_size
    root = runs / "data" / f"scenes-{layout.name}-{size[0]}x{size[1]}"
    if not (root / SCENES_MARKER).is_file():
        layout.write_scenes(root, layout.demo_counts, size=size, seed=0, progress=progress)
    return Source(layout, root)


def choose_scale(request, source):
    """``paper`` for real data and ``demo`` for embedded scenes, unless ``--scale`` chooses."""
    return request.scale or ("demo" if source.is_scenes else "paper")


def banner(source, scale, readings):
    """Lines to show before all numbers: scale, changed readings, note on the data."""
    banners = {
        (True, "demo"): "DEMO SCALE on embedded street scenes: not comparable with the paper.",
        (True, "paper"): "Embedded street scenes: not comparable with the paper.",
        (False, "demo"): f"DEMO SCALE on {source.name}: short runs at a small size, "
        "not comparable with the paper.",
    }
    changed = ", ".join(f"{name}={value}" for name, value in readings.changed().items())
    changed = changed and f"Readings of the paper that are not the default: {changed}."
    return list(filter(None, [banners.get((source.is_scenes, scale)), changed, source.note()]))


def make_library(request, source):
    """Decoded images, in ``--cache`` (``memory``: in no file) or the runs folder; imports TensorFlow."""
    from selfsup_segmentation.experiments.datasets.library import Library

    if request.cache == "memory":
        folder = None
    elif request.cache is None:
        folder = named_path(request.runs, "--runs") / "cache"
    else:
        folder = named_path(request.cache, "--cache")
        refuse_in_data(folder, "--cache", source.root)
    return Library(source, folder, progress_line)


def make_options(request):
    """`Options` of the execution of runs."""
    weights = request.imagenet_weights
    if weights not in ("auto", "none"):
        weights = named_path(weights, "--imagenet-weights")
    return Options(weights, request.checkpoint_minutes, not request.no_tensorboard, progress=request.progress)


def named_path(text, option):
    """The path that an option names, with ``~`` expanded; raises `InputError` when it cannot exist."""
    if not str(text):
        raise InputError(f"{option} is empty; name a path.")
    try:
        path = Path(text).expanduser()
        str(path).encode()
    except RuntimeError as error:
        raise InputError(f"{option} {text}: {error}; write the complete path.") from error
    except UnicodeEncodeError as error:
        raise InputError(f"{option} {text!r}: TensorFlow needs Unicode; name another path.") from error
    try:
        (path / "..").stat()  # asks for the right to look into a folder as well
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise InputError(f"{option} {path}: unreachable ({error.strerror}); name another path.") from error
    return path


def refuse_in_data(path, option, *roots):
    """Raise `InputError` when a place for results lies in the folder of a data set."""
    if any(path.resolve().is_relative_to(Path(root).resolve()) for root in roots):
        raise InputError(f"{option} {path}: lies in the data set, which is never written to; name another.")


def make_folder(path, option, *sources):
    """Make the folder that an option names and return its path.

    Raises:
        InputError: it lies in one of the data sets, or cannot be written to.
    """
    path = named_path(path, option)
    refuse_in_data(path, option, *(source.root for source in sources))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot be made ({error.strerror})"
        raise InputError(f"{option} {path}: {reason}; name another folder.") from error
    if not os.access(path, os.W_OK):
        raise InputError(f"{option} {path}: not writable; name another folder.")
    return path


def progress_line(description):
    """A callable(done, total) that shows progress on a terminal, and prints one line at the end elsewhere."""

    def progress(done, total):
        if sys.stderr.isatty():
            end = "\n" * (done == total)
            print(f"\r{description}: {done}/{total}", end=end, file=sys.stderr, flush=True)
        elif done == total:
            print(f"{description}: {total} done", file=sys.stderr)

    return progress


def parse_readings(request):
    """`Readings` from ``name=value`` pairs of ``--set``, and from options of the same meaning."""
    pairs = list(request.set)
    pairs += [f"{name}={value}" for name in ("precision", "backbone") if (value := getattr(request, name))]
    pairs += ["jit=true"] * request.jit + ["tf32=true"] * request.tf32
    pairs += ["deterministic=false"] * request.nondeterministic
    if request.devices is not None:
        pairs.append(f"replicas={_devices() if request.devices == 'all' else request.devices}")
    values = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        if name not in DECLARED:
            raise InputError(f"--set {pair}: no such reading; choose from {', '.join(DECLARED)}.")
        try:
            values[name] = DECLARED[name].parse(text)
        except ValueError:
            raise InputError(f"--set {pair}: {name} is {DECLARED[name].values}.") from None
    try:
        return Readings(**values)
    except ValueError as error:
        raise InputError(f"--set: {error}.") from error


def _devices():
    """Number of GPUs of this machine, or 1 for its CPU; of all machines that share the run."""
    import_tensorflow()
    import tensorflow as tf

    where = multiworker.place()
    return max(1, len(tf.config.list_physical_devices("GPU"))) * (where.processes if where else 1)


def parse_row(text):
    """(tasks, weighting) from ``SS``, ``SS+D/UW``, …; the weighting of a single task is ``none``."""
    # Imports numpy, which `--help` does without.
    from selfsup_segmentation.experiments.tasks import parse_letters

    letters, _, weighting = text.partition("/")
    try:
        tasks = parse_letters(letters)
    except ValueError:
        tasks = ()
    if not tasks or (len(tasks) == 1) != (not weighting):
        raise InputError(f"--row {text}: write tasks and weighting, as in SS, D, SS+D/UW or SS+C+D/GS.")
    if weighting and weighting not in WEIGHTINGS:
        raise InputError(f"--row {text}: the weighting is one of {', '.join(WEIGHTINGS)}.")
    if weighting in FOR_ONE_TASK and "seg" not in tasks:
        raise InputError(f"--row {text}: {weighting} is for rows with SS, which is its main task.")
    return tasks, weighting or "none"


def parse_size(text, option="--size"):
    """(width, height) from ``1024x512``."""
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise InputError(f"{option} {text}: give width and height, as in 1024x512.") from None
    return width, height
