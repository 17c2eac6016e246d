"""Official scores of finished runs, and the file for the benchmark's server.

``library`` is a callable that opens the data, and with it TensorFlow: scores that are stored need neither.
"""

import tempfile
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.json_files import read_json, write_json
from selfsup_segmentation.reproduce.cli.arguments import named_path, progress_line
from selfsup_segmentation.reproduce.tables.table2 import OFFICIAL


def scores_of(run, store, library):
    """Official scores of a finished run on val, by our names; computed once and kept beside its metrics."""
    path = store.folder(run) / "official.json"
    result, state = read_json(path), store.metrics(run).state_sha256
    if result is None or result.get("state_sha256") != state:  # there is none, or of other weights
        data = library()
        from selfsup_segmentation.experiments.evaluation.official import official_scores

        with tempfile.TemporaryDirectory() as folder:
            _predict(run, store, data, "val", folder)
            result = official_scores(data.source.root, Path(folder)) | {"state_sha256": state}
        write_json(path, result)
    return {name: result[key] for name, key in OFFICIAL.items()}


def submission_path(option):
    """The path of ``--submission``, or None without that option.

    Raises:
        InputError: no such file can be written.
    """
    if option is None:
        return None
    path = named_path(option, "--submission")
    if path.suffix != ".zip" or not path.parent.is_dir():
        raise InputError(f"--submission {path}: name a .zip file in a folder that exists.")
    return path


def write_submission(path, run, store, library):
    """Predict the test images with a finished run and pack them for the server."""
    if store.metrics(run) is None:
        raise InputError(f"--submission: {run} is not finished; run reproduce table1 first.")
    data = library()
    from selfsup_segmentation.experiments.finished.submission import zip_submission

    frames = data.source.frames("test")
    with tempfile.TemporaryDirectory() as folder:
        _predict(run, store, data, "test", folder)
        zip_submission(folder, frames, path)
    print(f"wrote {path}: {len(frames)} images")


def _predict(run, store, library, split, folder):
    from selfsup_segmentation.experiments.finished.submission import predict_label_ids, write_label_ids

    progress = progress_line(f"predicting {split}, {run.row}")
    write_label_ids(predict_label_ids(run, store.finished_folder(run), library, split, progress), folder)
