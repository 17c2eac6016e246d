"""The runs folder: where a run's files are, and whether it is finished."""

import contextlib
import json
import os
from pathlib import Path

from experiments.run import Run

FORMAT = 1


class Store:
    """Files of all runs below one folder.

    ``<folder of the run>/`` holds ``run.json`` (the description, written first), ``checkpoint/``,
    ``history.csv``, ``tensorboard/`` and ``metrics.json``, which is written last: it exists exactly when the
    run is finished. A run that cannot be had leaves ``failure.json`` with the reason.

    Args:
        root: the runs folder; made when something is written.
        also: other runs folders whose finished runs count, never written to.
    """

    def __init__(self, root, also=()):
        self.root = Path(root).expanduser()
        self.also = [Path(other).expanduser() for other in also]

    def folder(self, run: Run) -> Path:
        """The folder of a run."""
        return self.root / run.folder

    def finished_folder(self, run: Run) -> Path:
        """The folder of a finished run, be it in another runs folder; else `folder`."""
        places = [root / run.folder for root in (self.root, *self.also)]
        return next((place for place in places if (place / "metrics.json").is_file()), places[0])

    def metrics(self, run: Run) -> dict | None:
        """What ``metrics.json`` says, or None while the run is not finished."""
        return read_json(self.finished_folder(run) / "metrics.json")

    def failure(self, run: Run) -> str | None:
        """Why the run has no result, where that is known."""
        failure = read_json(self.folder(run) / "failure.json")
        return failure and failure["reason"]

    def write_failure(self, run: Run, reason: str):
        """Record why a run has no result."""
        write_json(self.folder(run) / "failure.json", {"reason": reason})


def read_json(path: Path):
    """Content of a JSON file, or None when there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        return json.loads(path.read_text(encoding="utf-8"))
    return None


def write_json(path: Path, value):
    """Write a JSON file as a whole: under a temporary name, then renamed. NaN becomes null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False)
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and value != value else value
