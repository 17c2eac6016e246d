"""A run is trained by one process at a time, also where several hosts share a file system."""

import contextlib
import datetime
import errno
import fcntl
import json
import os
import socket
import time

from selfsup_segmentation.experiments.preemption import stop_if_requested

NAME = "lock"
POLL_SECONDS = 0.2  # between two tries for a folder that another process decodes into
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # some Lustre, NFS and container mounts


class BusyError(RuntimeError):
    """Another process holds the run."""


@contextlib.contextmanager
def only_one(folder, warn):
    """Lock a run directory, which is created if missing; raises `BusyError` if another process holds it.

    The operating system releases the lock when the process ends, however it ends. Linux passes such locks on
    to the server of a network file system (NFS, Lustre mounted with ``flock``). On one without locks ``warn``
    receives a sentence, and the run is not protected.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a+", encoding="utf-8") as file:
        taken = _lock(file, fcntl.LOCK_EX)
        if taken is False:
            raise BusyError(f"{folder} is being trained by {_describe(file)}")
        if taken is None:
            warn(f"the file system of {folder} has no locks: let no other process train the same runs")
        since = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
        owner = {"host": socket.gethostname(), "pid": os.getpid(), "since": since}
        file.truncate(0)
        file.write(json.dumps(owner))
        file.flush()
        yield


@contextlib.contextmanager
def one_after_the_other(folder):
    """Wait until no other process is within this context for a folder of decoded images.

    The folder is created if missing. On a read-only or full disk no lock is possible and nobody waits:
    nothing can be written there twice. On a file system without locks nobody waits either, and images may be
    decoded twice. Raises `Stopped` if the process is asked to stop while it waits.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / NAME).open("a", encoding="utf-8")
    except OSError:  # the write that follows reports the reason
        yield
        return
    with file:
        while _lock(file, fcntl.LOCK_EX) is False:
            stop_if_requested()
            time.sleep(POLL_SECONDS)
        yield


def _lock(file, kind):
    """Whether the lock was taken; None on a file system without locks."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


def holder(folder):
    """Description of the process that holds a run directory; None when none does, or that is unknown."""
    try:
        file = (folder / NAME).open("r+", encoding="utf-8")
    except OSError:  # never locked, or not writable for this user
        return None
    with file:
        return _describe(file) if _lock(file, fcntl.LOCK_SH) is False else None


def _describe(file):
    try:
        file.seek(0)
        owner = json.loads(file.read())
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (ValueError, KeyError):  # read while it was being written
        return "another process"
