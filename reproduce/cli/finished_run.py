"""The run directory that a verb's RUN argument names, and its data."""

import dataclasses
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def open_run(request):
    """The `FinishedRun` of RUN; raises `InputError` when it is not finished."""
    return FinishedRun.open(arguments.named_path(request.run, "RUN").absolute())


def open_library(request, finished):
    """The library of a finished run's data; imports TensorFlow."""
    layout = catalog.layout_of(finished.run.dataset).name
    if getattr(request, layout) is None:
        root = finished.description["data"]["root"]
        if not Path(root).is_dir():
            raise InputError(f"{root}, the data of {finished.folder}, is missing; name it with --{layout}.")
        request = dataclasses.replace(request, **{layout: root})
    if request.cache is None:
        request = dataclasses.replace(request, runs=_runs_folder(finished))
    source = arguments.open_source(request, layout)
    import_tensorflow()
    return arguments.make_library(request, source)


def _runs_folder(finished):
    parts = Path(finished.run.folder).parts
    for path in (finished.folder, finished.folder.resolve()):
        if path.parts[-len(parts) :] == parts:
            return path.parents[len(parts) - 1]
    raise InputError(
        f"{finished.folder} is not where the run was made; name with --cache where to decode images."
    )
