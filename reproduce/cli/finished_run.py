"""The run directory that a verb's RUN argument names, and its data."""

import dataclasses
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.records.json_files import read_record
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def read_run(request):
    """(run, run directory, run.json, `Results`) of RUN.

    Raises:
        InputError: it is not finished.
    """
    folder = arguments.named_path(request.run, "RUN").absolute()
    described, results = read_record(folder, "run.json"), Results.read(folder)
    if described is None or results is None:
        raise InputError(f"{folder} is not the folder of a finished run: it lacks run.json or metrics.json.")
    return Run.from_dict(described), folder, described, results


def open_finished_run(request):
    """(run, run directory, `Results`, library of its data) of RUN; imports TensorFlow."""
    run, folder, described, results = read_run(request)
    layout = catalog.layout_of(run.dataset).name
    if request.data_root(layout) is None:
        request = dataclasses.replace(request, **{layout: described["data"]["root"]})
    if request.cache is None:
        request = dataclasses.replace(request, runs=_runs_folder(run, folder))
    source = arguments.open_source(request, layout)
    import_tensorflow()
    return run, folder, results, arguments.make_library(request, source)


def _runs_folder(run, folder):
    parts = Path(run.folder).parts
    for path in (folder, folder.resolve()):
        if path.parts[-len(parts) :] == parts:
            return path.parents[len(parts) - 1]
    raise InputError(f"{folder} is not where the run was made; name with --cache where to decode images.")
