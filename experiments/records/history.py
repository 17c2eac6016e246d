"""``history.csv``: one row an epoch, written by Keras' CSVLogger; no TensorFlow."""

import csv
import io

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.json_files import write_text


def truncate_history(path, epochs, columns=()):
    """Keep the rows of the first ``epochs`` epochs: a resumed run writes the others again.

    Args:
        path: path of the file.
        epochs: number of completed epochs.
        columns: columns of later rows, which files of older versions may lack: rows get "NA" there, in the
            order in which Keras' CSVLogger continues.

    Raises:
        InputError: the file is damaged where it is needed.
    """
    if not epochs:
        path.unlink(missing_ok=True)
        return
    rows = _read(path)
    needed = max(0, epochs - _first_epoch(path, rows))
    kept = rows[:needed]
    _check(path, kept)
    if len(kept) < needed and path.exists() and path.stat().st_size:
        raise _damaged(path)
    if not kept:
        path.unlink(missing_ok=True)
        return
    names = list(kept[0])
    if not {*columns} <= {*names}:
        names = ["epoch", *sorted({*names, *columns} - {"epoch"})]
    if len(kept) < len(rows) or names != list(kept[0]):
        text = io.StringIO()
        writer = csv.DictWriter(text, names, restval="NA", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(kept)
        write_text(path, text.getvalue())


def read_history(path):
    """Rows of a ``history.csv``, one dict of floats for each epoch.

    Raises:
        InputError: the file is damaged.
    """
    rows = _read(path)
    _check(path, rows)
    # Where nothing is validated, Keras adds validation columns of "NA".
    return [{key: float(value) for key, value in row.items() if value != "NA"} for row in rows]


def speeds(history):
    """Images per second of each epoch that has a number of them."""
    return [row["images_per_second"] for row in history if (row.get("images_per_second") or 0) > 0]


def _read(path):
    """Rows of the file as text; none without a file."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []
    except (ValueError, csv.Error) as error:
        raise _damaged(path) from error


def _first_epoch(path, rows):
    try:
        return int(rows[0]["epoch"]) if rows else 0
    except (KeyError, ValueError) as error:
        raise _damaged(path) from error


def _check(path, rows):
    """Raise `InputError` unless the rows are of consecutive epochs and hold only numbers."""
    first = _first_epoch(path, rows)
    try:
        sound = all(
            int(row["epoch"]) == epoch and [float(cell) for cell in row.values() if cell != "NA"]
            for epoch, row in enumerate(rows, first)
        )
    except (KeyError, TypeError, ValueError) as error:  # TypeError: too few cells in a row, or too many
        raise _damaged(path) from error
    if not sound:
        raise _damaged(path)


def _damaged(path):
    return InputError(
        f"{path} is damaged; remove it, and the same command resumes to the same results: only the log, and "
        "the best validation, are then without the epochs that are done."
    )
