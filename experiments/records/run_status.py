"""Status of a run that may be training elsewhere, from the files that it writes; no TensorFlow."""

import dataclasses
import time
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class RunStatus:
    """Progress of a run.

    Attributes:
        epochs: number of completed epochs.
        step: optimizer step of the newest checkpoint; None before the first.
        quiet_seconds: seconds since one of its files was last written, by the clock of this host.
    """

    epochs: int
    step: int | None
    quiet_seconds: float


def run_status(folder: Path) -> RunStatus:
    """Status of the run in ``folder``."""
    history, lock = folder / "history.csv", folder / "lock"
    try:
        epochs = max(0, len(history.read_bytes().splitlines()) - 1)
    except OSError:
        epochs = 0
    states = sorted((folder / "checkpoint").glob("step-?????????"))
    written = [when for path in (history, lock, *states) if (when := _written(path)) is not None]
    quiet = time.time() - max(written, default=time.time())
    return RunStatus(epochs, int(states[-1].name[5:]) if states else None, max(0.0, quiet))


def _written(path):
    try:
        return path.stat().st_mtime
    except OSError:  # absent, or being replaced by a newer one
        return None
