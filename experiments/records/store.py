"""The runs folder: where a run's files are, and whether it is finished."""

import contextlib
import re
import tempfile
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.json_files import (
    plain_values,
    read_json,
    read_record,
    write_json,
)
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.run import Run

# Of run.json: what was asked for. Labels of data change with links, and defaults with versions (`staleness`).
_IDENTITY = ("tasks", "weighting", "init", "seed", "split", "variations")


class Store:
    """Files of all runs below one folder.

    ``<run directory>/`` holds ``run.json`` (the description, written first), ``checkpoint/``,
    ``history.csv``, ``tensorboard/`` and ``metrics.json``, which is written last: it exists exactly when the
    run is finished. A run that cannot be executed leaves ``failure.json`` with the reason.

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

    def metrics(self, run: Run) -> Results | None:
        """Content of a run's ``metrics.json``; None while the run is not finished.

        Raises:
            InputError: the file is damaged, or of another version of this program, or describes another run.
        """
        self.description(run)  # also while it is not finished: nothing resumes from other formats
        return self._cached(self.finished_folder(run) / "metrics.json", Results.read)

    def description(self, run: Run) -> dict | None:
        """Content of a run's ``run.json``; None before the run is begun; errors as of `metrics`."""
        path = self.finished_folder(run) / "run.json"
        described = self._cached(path, lambda folder: read_record(folder, path.name))
        asked = plain_values(run.to_dict())
        for key in _IDENTITY if described else ():
            if (found := described.get(key, asked[key])) != asked[key]:
                raise InputError(
                    f"{path.parent} holds another run: its {key} is {found}, not {asked[key]}; rename or "
                    "remove the folder, or name another --runs folder."
                )
        return described

    def _cached(self, path, read):
        """Read a file of a run again only if it has changed: a table asks for it many times."""
        try:
            state = path.stat()
        except OSError:
            return read(path.parent)
        signature = (state.st_mtime_ns, state.st_size, state.st_ino)
        if self._read.get(path, (None,))[0] != signature:
            self._read[path] = signature, read(path.parent)
        return self._read[path][1]

    def failure(self, run: Run) -> str | None:
        """Why the run has no result, where that is known."""
        return read_reason(self.folder(run))

    def write_failure(self, run: Run, reason: str, **details):
        """Record why a run has no result, with further details."""
        write_json(self.folder(run) / "failure.json", {"reason": reason} | details)


def read_reason(folder: Path) -> str | None:
    """Why the run of a folder has no result, or None where no ``failure.json`` says so."""
    failure = read_json(folder / "failure.json")
    return None if failure is None else str(failure.get("reason", "no reason is known"))


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
