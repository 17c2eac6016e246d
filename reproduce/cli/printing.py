"""Standard output and error that never end a command: any characters, and also when nobody reads any more."""

import codecs
import errno
import io
import os
import sys

_ASCII = str.maketrans("│─┼–—−×", "|-+---x")
_problems: list[OSError] = []


def keep_printing():
    """Make the standard streams of this process print whatever their encoding, and outlive their readers.

    Streams that were replaced, as by a notebook, stay as they are.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:  # closed by ``>&-``: the next file that is opened would take its number
            _drop(number)
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115
        elif stream is getattr(sys, f"__{name}__"):
            buffer = io.BufferedWriter(_Lasting(stream.fileno(), "wb", closefd=False))
            by_line = stream.line_buffering or stream.write_through
            wrapped = io.TextIOWrapper(buffer, stream.encoding, "reproduce", line_buffering=by_line)
            setattr(sys, name, wrapped)


def output_problem():
    """Why something could not be printed, or None; a reader that has enough, as ``head``, is no problem."""
    sys.stdout.flush()
    return next((error.strerror for error in _problems if error.errno != errno.EPIPE), None)


class _Lasting(io.FileIO):
    """A stream whose text is dropped from the first error on, also what other libraries print to it."""

    def write(self, data):
        try:
            return super().write(data)
        except OSError as error:
            _problems.append(error)
            _drop(self.fileno())
            return len(data)


def _drop(descriptor):
    null = os.open(os.devnull, os.O_WRONLY)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)


def _replace(error):
    text = error.object[error.start : error.end].translate(_ASCII)
    return text.encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error("reproduce", _replace)
