"""``history.csv``: one row an epoch, written by Keras' CSVLogger; no TensorFlow."""

import csv
import io

from experiments.store import write_text


def truncate_history(path, epochs):
    """Keep the rows of the first ``epochs`` epochs: a resumed run writes the others again."""
    if not path.exists():
        return
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if row["epoch"].isdigit() and int(row["epoch"]) < epochs]
    if not kept:
        path.unlink()
    elif len(kept) < len(rows):
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys(), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(kept)
        write_text(path, text.getvalue())


def read_history(path):
    """Rows of a ``history.csv``, one dict of floats for each epoch."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    # Where nothing is validated, Keras adds validation columns of "NA".
    return [{key: float(value) for key, value in row.items() if value != "NA"} for row in rows]
