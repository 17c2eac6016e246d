"""``reproduce``: one verb for each thing. ``reproduce VERB --help`` shows its options."""

import signal
import sys

from selfsup_segmentation.reproduce.cli.parser import module_of, parse
from selfsup_segmentation.reproduce.cli.printing import keep_printing, output_problem


def main(argv=None):
    """Run a command line and map its outcome to an exit code.

    Returns:
        Exit code: 0; 2 after one sentence on what the user has to fix; 75 after SIGTERM, SIGHUP or SIGUSR1,
        and 130 after Ctrl-C, when the same command resumes.

    Raises:
        SystemExit: 1 after ``verify`` found damage; 2 after wrong usage.
    """
    keep_printing()
    request = parse(argv)
    from selfsup_segmentation.data.errors import InputError, system_fault  # here, because --help ends above
    from selfsup_segmentation.experiments.preemption import EXIT_CODE, Stopped

    try:
        module_of(request.verb).run(request)
    except InputError as error:
        return _failed(error, 2)
    except Stopped as stopped:
        code = 130 if stopped.signal == signal.SIGINT else EXIT_CODE
        return _failed(f"{stopped}; what was done is saved, the same command resumes", code)
    except OSError as error:
        if (sentence := system_fault(error, request.out or request.runs)) is None:
            raise
        return _failed(f"{sentence}, and the same command resumes from the last checkpoint", 2)
    except KeyboardInterrupt:
        return _failed("interrupted; the same command resumes from the last checkpoint", 130)
    if problem := output_problem():
        return _failed(f"the standard output cannot be written ({problem}); all files are written", 2)
    return 0


def _failed(sentence, code):
    print(f"reproduce: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
