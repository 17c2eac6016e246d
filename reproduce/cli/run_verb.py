"""Carry out what a command line asks for, and say how it ended."""

import errno
import importlib
import signal
import sys

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.preemption import EXIT_CODE, Stopped


def run_verb(args):
    """Run the verb of a parsed command line.

    Returns:
        The exit code, see `reproduce.__main__.main`.
    """
    module, function = args.command.split(":")
    try:
        getattr(importlib.import_module(f"selfsup_segmentation.reproduce.{module}"), function)(args)
    except InputError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        print(f"reproduce: {stopped}; what was done is saved, the same command goes on", file=sys.stderr)
        return 130 if stopped.signal == signal.SIGINT else EXIT_CODE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        places = (error.filename, *(getattr(args, name, None) for name in ("runs", "out")))
        where = next((place for place in places if place), "the results")
        print(
            f"reproduce: no space left on the disk of {where}; free some, and the same command goes on from "
            "the last checkpoint",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("reproduce: interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0
