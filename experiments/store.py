"""The runs folder: where a run's files are, and whether it is finished."""

import json
import os
from pathlib import Path

from data.errors import InputError
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
        path = self.finished_folder(run) / "metrics.json"
        metrics = read_json(path)
        if metrics is not None and metrics.get("format", FORMAT) != FORMAT:
            raise InputError(
                f"{path} has format {metrics['format']}, and this version reads format {FORMAT}: remove the "
                "folder to run it again, or use the version that made it."
            )
        return metrics

    def failure(self, run: Run) -> str | None:
        """Why the run has no result, where that is known."""
        failure = read_json(self.folder(run) / "failure.json")
        return failure and failure["reason"]

    def write_failure(self, run: Run, reason: str, **details):
        """Record why a run has no result, with what else is to be known of that."""
        write_json(self.folder(run) / "failure.json", {"reason": reason} | details)


def read_json(path: Path):
    """Content of a JSON file, or None when there is no such file.

    Raises:
        InputError: the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); remove it to make it again.") from error


def write_json(path: Path, value):
    """Write a JSON file as a whole, see `write_text`. NaN becomes null."""
    write_text(path, json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str):
    """Write a file under a temporary name, bring it to the disk, then rename it: it is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and value != value else value
