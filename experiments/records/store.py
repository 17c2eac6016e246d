"""The runs folder: where a run's files are, and whether it is finished."""

import contextlib
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.run import Run

FORMAT = 1
SEAL = "sha256"  # of everything else in a record


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
        self._read = {}

    def folder(self, run: Run) -> Path:
        """The folder of a run."""
        return self.root / run.folder

    def finished_folder(self, run: Run) -> Path:
        """The folder of a finished run, be it in another runs folder; else `folder`."""
        places = [root / run.folder for root in (self.root, *self.also)]
        return next((place for place in places if (place / "metrics.json").is_file()), places[0])

    def metrics(self, run: Run) -> dict | None:
        """What ``metrics.json`` says, or None while the run is not finished.

        Raises:
            InputError: it is damaged, or another version of this program made the run's folder.
        """
        self.description(run)  # also while it is not finished: nothing goes on from other formats
        return self._record(run, "metrics.json")

    def description(self, run: Run) -> dict | None:
        """What ``run.json`` says, or None while the run is not begun; errors as of `metrics`."""
        return self._record(run, "run.json")

    def _record(self, run, name):
        """`read_record`, of a file that is still the same not again: a table asks for it many times."""
        path = self.finished_folder(run) / name
        try:
            state = path.stat()
        except OSError:
            return read_record(path.parent, name)
        signature = (state.st_mtime_ns, state.st_size, state.st_ino)
        if self._read.get(path, (None,))[0] != signature:
            self._read[path] = signature, read_record(path.parent, name)
        return self._read[path][1]

    def failure(self, run: Run) -> str | None:
        """Why the run has no result, where that is known."""
        return read_reason(self.folder(run))

    def write_failure(self, run: Run, reason: str, **details):
        """Record why a run has no result, with what else is to be known of that."""
        write_json(self.folder(run) / "failure.json", {"reason": reason} | details)


def read_reason(folder: Path) -> str | None:
    """Why the run of a folder has no result, or None where no ``failure.json`` says so."""
    failure = read_json(folder / "failure.json")
    return None if failure is None else str(failure.get("reason", "no reason is known"))


def read_record(folder: Path, name: str) -> dict | None:
    """What ``run.json`` or ``metrics.json`` of a run's folder says, or None when there is no such file.

    Raises:
        InputError: the file is damaged, or of another format than this version's.
    """
    record = read_json(folder / name)
    if record is not None and record.pop(SEAL, None) not in (None, _digest(record)):
        raise InputError(f"{folder / name} is damaged (its checksum differs); remove it to make it again.")
    if record is not None and record.get("format", FORMAT) != FORMAT:
        raise InputError(
            f"{folder / name} has format {record['format']}, and this version reads format {FORMAT}: remove "
            "the folder to run it again, or use the version that made it."
        )
    return record


def read_json(path: Path) -> dict | None:
    """Content of a JSON file that holds an object, or None when there is no such file.

    Raises:
        InputError: the file is damaged or cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}); remove it to make it again.") from error
    return content


def sealed(record: dict) -> dict:
    """A record with the checksum that `read_record` looks at."""
    plain = plain_values(record)
    return plain | {SEAL: _digest(plain)}


def _digest(plain):
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def write_json(path: Path, value):
    """Write a JSON file as a whole, see `write_text`. NaN becomes null."""
    write_text(path, json.dumps(plain_values(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


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
    except OSError as error:
        if error.errno and not error.filename:  # a write for which there is no space names no file
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def without_pattern(folder: Path):
    """A path of a folder, within this context, for TensorFlow's reader of checkpoints.

    That takes a path for a pattern, which ``runs[1]`` does not fit.
    """
    if not re.search(r"[*?\[\\]", str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory() as place:
        link = Path(place) / "folder"
        link.symlink_to(folder.absolute(), target_is_directory=True)
        yield link


def plain_values(value):
    """A value as JSON has it: strings as keys, lists, Python's numbers, null for NaN."""
    if isinstance(value, dict):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(item) for item in value]
    if hasattr(value, "tolist"):
        return plain_values(value.tolist())
    return None if isinstance(value, float) and value != value else value
