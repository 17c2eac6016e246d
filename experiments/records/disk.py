"""Durable writes, and errors of a full disk."""

import contextlib
import errno
import os

import tensorflow as tf


def bring_to_disk(path):
    """Wait until a file is on the disk, so that a renamed folder survives a power failure."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def full_disk_is_an_oserror(path):
    """Within this context TensorFlow's errors about a full disk are those of the operating system.

    Args:
        path: that was written to.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if "No space left" in error.message or "quota" in error.message:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
