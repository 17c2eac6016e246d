"""``reproduce train`` up to the end of its first step; run as a program, for its start is timed as well.

``python -m reproduce.bench.jobs.first_step ARGUMENTS``; prints a line of JSON: moments of the system's
monotonic clock, in s.
"""

import json
import os
import sys
import time


def main() -> None:
    """Train until a step is done, say when what happened, and end the process."""
    moments = {"python": time.monotonic()}
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from selfsup_segmentation.reproduce.__main__ import main as reproduce
    from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow

    import_tensorflow()
    from selfsup_segmentation.experiments import execute
    from selfsup_segmentation.experiments.training import loop

    moments["imports"] = time.monotonic()
    make, write = loop.make_train_step, execute.write_colors

    def write_and_note(*arguments):
        write(*arguments)
        moments["network"] = time.monotonic()

    def make_and_stop(model, weighting, optimizer, objective, progress, *more, **others):
        step = make(model, weighting, optimizer, objective, progress, *more, **others)

        def first_step(batch):
            moments["before_step"] = time.monotonic()
            step(batch)
            progress.sums.numpy()
            moments["first_step"] = time.monotonic()
            replies.write(json.dumps(moments) + "\n")
            replies.flush()
            os._exit(0)  # no checkpoint is needed, and nothing that comes later is timed

        return first_step

    loop.make_train_step, execute.write_colors = make_and_stop, write_and_note
    sys.exit(reproduce(sys.argv[1:]) or 1)  # it comes back only when it made no step


if __name__ == "__main__":
    main()
