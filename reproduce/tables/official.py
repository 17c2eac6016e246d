"""Official scores of finished runs, and the file for the benchmark's server.

``progress`` is a function of a run and a split that returns a callable(done, total).
"""

import tempfile
from pathlib import Path

from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.records.json_files import read_json, write_json
from selfsup_segmentation.reproduce.tables.table2 import OFFICIAL


def scores_of(run, store, open_library, progress):
    """Official scores of a finished run on val, by our names; computed once and stored beside its metrics.

    Args:
        run, store: Finished run and its runs folder.
        open_library: Function that opens the data, and with it TensorFlow: stored scores need neither.
        progress: See above.
    """
    path = store.folder(run) / "official.json"
    result, state = read_json(path), store.metrics(run).state_sha256
    if result is None or result.get("state_sha256") != state:  # none, or of other weights
        library = open_library()
        from selfsup_segmentation.experiments.evaluation.official import official_scores

        with tempfile.TemporaryDirectory() as folder:
            _predict(run, store, library, "val", folder, progress)
            result = official_scores(library.source.root, Path(folder)) | {"state_sha256": state}
        write_json(path, result)
    return {name: result[key] for name, key in OFFICIAL.items()}


def write_submission(path, run, store, library, progress):
    """Predict the test images with a finished run and pack them for the server; returns their number."""
    from selfsup_segmentation.experiments.finished.submission import zip_submission

    frames = library.source.frames("test")
    with tempfile.TemporaryDirectory() as folder:
        _predict(run, store, library, "test", folder, progress)
        zip_submission(folder, frames, path)
    return len(frames)


def _predict(run, store, library, split, folder, progress):
    from selfsup_segmentation.experiments.finished.submission import predict_label_ids, write_label_ids

    finished = FinishedRun.open(store.finished_folder(run))
    write_label_ids(predict_label_ids(finished, library, split, progress(run, split)), folder)
