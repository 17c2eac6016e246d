"""The exception for a user's mistake, and errors of the operating system in one sentence."""

import errno
import os


class InputError(ValueError):
    """Something the user gave is wrong: a path, a file, an option, a weights file.

    The message is one sentence that names the file or option and the fix. The command line
    prints it without a traceback and exits with code 2.
    """


_FULL = "no space left on the disk of {}; free some"
_DENIED = "permission to use {} is denied; change its permissions or name another path"
_MANY = "too many files are open, {} at last; raise the limit, as by ulimit -n 4096"
_SILENT = "the disk or file system of {} does not answer or is damaged; check it"
_SENTENCES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: "{} lies on a read-only file system; name another path",
    errno.ENAMETOOLONG: "the path {} is too long for its file system; name a shorter one",
    errno.ENOTDIR: "a part of the path {} is a file; rename that or name another path",
    errno.ELOOP: "a part of the path {} is a link to itself; remove that or name another path",
    errno.EFBIG: "{} would be larger than its file system or ulimit -f allows; name another path",
    errno.EMFILE: _MANY,
    errno.ENFILE: _MANY,
    errno.EIO: _SILENT,
    errno.ESTALE: _SILENT,
    errno.EREMOTEIO: _SILENT,
}
PASSING = (errno.EIO, errno.ESTALE, errno.EREMOTEIO)
"""What another try, or another host, may not meet."""


def system_fault(error: OSError, place: object) -> str | None:
    """What a user has to fix before a system call can succeed; None where that is not known.

    The latter may be an error of the program, such as a missing or an existing file, and keeps its traceback.

    Args:
        error: error.
        place: path to name when the error names none.
    """
    sentence = _SENTENCES.get(error.errno)
    return sentence and sentence.format(error.filename or place)


def system_errno(message: str) -> int | None:
    """The number of the system's error that the message of a library quotes; None for none of those above."""
    return next((number for number in _SENTENCES if os.strerror(number) in message), None)
