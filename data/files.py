"""Read the bytes of one file of a data set, or refuse it in one sentence."""

import stat
from pathlib import Path

from selfsup_segmentation.data.errors import InputError

KINDS = ("missing", "unreadable", "damaged", "wrong type", "label ids", "calibration")
MAX_BYTES = 2**28  # more than the largest image (`data.png`) needs without any compression
RENEW = "copy or download it again"


class FileError(InputError):
    """A file of the data set cannot be used.

    Attributes:
        kind: one of `KINDS`.
    """

    def __init__(self, message: str, kind: str = "damaged"):
        super().__init__(message)
        self.kind = kind


def read_bytes(path: str | Path, count: int = MAX_BYTES) -> bytes:
    """Read the beginning of a file.

    Args:
        path: regular file.
        count: maximum number of bytes.

    Raises:
        FileError: the file is missing, not a regular file, or not readable.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would block
            raise FileError(f"{path} cannot be read (it is no file): {RENEW}.", "unreadable")
        with path.open("rb") as file:
            return file.read(min(count, status.st_size))
    except FileNotFoundError as error:
        raise FileError(f"{path} is missing: unpack it from its archive again.", "missing") from error
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({error.strerror}): give a file that this user may read.", "unreadable"
        ) from error
