"""Official scores of finished runs, and the file for the benchmark's server."""

import tempfile
from pathlib import Path

from data.errors import InputError
from experiments.store import read_json, write_json
from reproduce import inputs
from reproduce.quiet import import_tensorflow
from reproduce.table2 import OFFICIAL


def scores_of(args, run, store, source):
    """Official scores of a finished run on val, by our names; computed once and kept beside its metrics."""
    path = store.folder(run) / "official.json"
    result = read_json(path)
    if result is None:
        import_tensorflow()
        from experiments.official import official_scores

        with tempfile.TemporaryDirectory() as folder:
            _predict(args, run, store, source, "val", folder)
            result = official_scores(source.root, Path(folder))
        write_json(path, result)
    return {name: result[key] for name, key in OFFICIAL.items()}


def write_submission(args, run, store, source):
    """Predict the test images with a finished run and pack them for the server."""
    out = Path(args.submission).expanduser()
    if out.suffix != ".zip" or not out.parent.is_dir():
        raise InputError(f"--submission {out}: name a .zip file in a folder that exists.")
    if store.metrics(run) is None:
        raise InputError(f"--submission: {run} is not finished; run reproduce table1 first.")
    frames = source.frames("test")
    import_tensorflow()
    from experiments.prediction import zip_submission

    with tempfile.TemporaryDirectory() as folder:
        _predict(args, run, store, source, "test", folder)
        zip_submission(folder, frames, out)
    print(f"wrote {out}: {len(frames)} images")


def _predict(args, run, store, source, split, folder):
    from experiments.prediction import predict_label_ids, write_label_ids

    library = inputs.make_library(args, source)
    progress = inputs.progress_line(f"predicting {split}, {run.row}")
    write_label_ids(predict_label_ids(run, store.finished_folder(run), library, split, progress), folder)
