"""``reproduce``: one verb for each thing. ``reproduce VERB --help`` shows its options."""

import errno
import importlib
import signal
import sys

from data.errors import InputError
from experiments.preemption import EXIT_CODE, Stopped
from reproduce.parser import make_parser


def main(argv=None):
    """Run the command line.

    Returns:
        Exit code: 0; 2 after one sentence on what the user has to mend; 75 after SIGTERM and 130 after
        Ctrl-C, when the same command goes on.
    """
    args = make_parser().parse_args(argv)
    module, function = args.command.split(":")
    try:
        getattr(importlib.import_module(f"reproduce.{module}"), function)(args)
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


if __name__ == "__main__":
    sys.exit(main())
