"""How far a run is, from the files that it writes while it trains; no TensorFlow."""

import dataclasses
import time
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Signs:
    """Signs of life of a run.

    Attributes:
        epochs: that are done.
        step: after which its newest state was saved; None before the first.
        quiet_seconds: since one of its files was last written, by the clock of this host.
    """

    epochs: int
    step: int | None
    quiet_seconds: float


def signs_of_life(folder: Path) -> Signs:
    """Of the run of a folder."""
    history, lock = folder / "history.csv", folder / "lock"
    try:
        epochs = max(0, len(history.read_bytes().splitlines()) - 1)
    except OSError:
        epochs = 0
    states = sorted((folder / "checkpoint").glob("step-?????????"))
    written = [when for path in (history, lock, *states) if (when := _written(path)) is not None]
    quiet = time.time() - max(written, default=time.time())
    return Signs(epochs, int(states[-1].name[5:]) if states else None, max(0.0, quiet))


def _written(path):
    try:
        return path.stat().st_mtime
    except OSError:  # not there, or replaced by a newer one at this moment
        return None
