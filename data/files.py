"""Which files of a folder count, and their bytes, or a refusal in one sentence."""

import os
import stat
from pathlib import Path

from selfsup_segmentation.data.errors import InputError

KINDS = ("missing", "unreadable", "damaged", "wrong type", "label ids", "calibration")
MAX_BYTES = 2**28  # more than the largest image (`data.png`) needs without any compression
RENEW = "copy or download it again"
CLUTTER = frozenset({"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "lost+found"})
"""Names, in lower case and not hidden, of what systems and archivers leave in any folder."""


class FileError(InputError):
    """A file of the data set cannot be used.

    Attributes:
        kind: one of `KINDS`.
    """

    def __init__(self, message: str, kind: str = "damaged"):
        super().__init__(message)
        self.kind = kind


def is_clutter(name: str) -> bool:
    """Whether a file or folder is no data: hidden (``._a.png``, ``.ipynb_checkpoints``, …) or `CLUTTER`."""
    return name.startswith(".") or name.lower() in CLUTTER


def list_files(folder: Path, suffix: str) -> list[str]:
    """Names of a folder's files that end in a suffix, without the suffix; empty if the folder is missing."""
    return [entry.name.removesuffix(suffix) for entry in _entries(folder) if entry.name.endswith(suffix)]


def list_folders(folder: Path) -> list[str]:
    """Names of the folders in a folder; empty if the folder is missing."""
    return [entry.name for entry in _entries(folder) if entry.is_dir()]


def _entries(folder: Path) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not is_clutter(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


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
