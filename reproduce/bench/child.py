"""The child's side of `reproduce.bench.worker`: ``python -m reproduce.bench.child JOB ARGUMENTS CORES``."""

import importlib
import json
import os
import sys
import traceback


def main() -> None:
    """Prepare a job, say its facts, then run a function for each name that comes in, a line each."""
    job, arguments, cores = sys.argv[1:]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print what they like, and replies are not mixed with it
    if int(cores):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])  # before any thread is made

    def reply(make):
        try:
            answer = make()
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        replies.write(json.dumps(answer) + "\n")
        replies.flush()
        return answer

    calls = {}

    def prepare():
        facts, functions = importlib.import_module(
            f"selfsup_segmentation.reproduce.bench.jobs.{job}"
        ).prepare(**json.loads(arguments))
        calls.update(functions)
        return facts

    if "error" in reply(prepare):
        return
    for line in sys.stdin:
        reply(calls[line.strip()])


if __name__ == "__main__":
    main()
