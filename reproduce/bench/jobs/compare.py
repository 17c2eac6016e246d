"""``reproduce compare`` in a process that has imported what it needs."""

import contextlib
import io
import time

from selfsup_segmentation.reproduce.__main__ import main


def prepare(arguments):
    """Make a table again and again.

    Args:
        arguments: of the command line.
    """

    def compare():
        printed, start = io.StringIO(), time.perf_counter()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = main(arguments)
        if code:
            raise RuntimeError(f"reproduce compare ended with {code}: {printed.getvalue().strip()}")
        return {"seconds": time.perf_counter() - start}

    return {}, {"compare": compare}
