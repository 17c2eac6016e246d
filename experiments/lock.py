"""A run is trained by one process at a time."""

import contextlib
import fcntl


class BusyError(RuntimeError):
    """Another process has the run."""


@contextlib.contextmanager
def only_one(folder):
    """Hold a run's folder; the operating system lets go of it when the process ends, however it ends.

    Args:
        folder: of the run; made when missing.

    Raises:
        BusyError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"{folder} is being trained by another process") from error
        yield
