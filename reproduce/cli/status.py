"""``reproduce status``: the runs of a runs folder and the progress of each."""

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.json_files import read_record
from selfsup_segmentation.experiments.records.lock import holder
from selfsup_segmentation.experiments.records.run_status import run_status
from selfsup_segmentation.experiments.records.staleness import changes
from selfsup_segmentation.experiments.records.store import Store, read_reason
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.cli import arguments, options


def add_options(parser):
    """Options of the verb."""
    options.runs(parser)


def run(request):
    """List the runs."""
    root = arguments.named_path(request.runs, "--runs")
    patterns = ("*/*/*/*/run.json", "*/*/*/*/failure.json")
    folders = sorted({path.parent for pattern in patterns for path in root.glob(pattern)})
    for folder in folders:
        try:
            state = _state(folder, Store(root))
        except InputError as error:  # does not keep the others from being listed
            state = str(error)
        print(f"{folder.relative_to(root)!s:60s} {state}")
    if not folders:
        print(f"no runs in {root}")


def _state(folder, store):
    """Message on the progress of the run in ``folder``."""
    described, reason = read_record(folder, "run.json"), read_reason(folder) or "not finished"
    if described is None:
        return reason
    run, status, who = Run.from_dict(described), run_status(folder), holder(folder)
    state = reason
    if who:
        saved = "" if status.step is None else f", saved at step {status.step}"
        state = f"training: {who}{saved}, last update {status.quiet_seconds:.0f} s ago"
    if read_record(folder, "metrics.json"):
        changed = changes(run, store)
        state = f"done, with {'; '.join(changed)}" if changed else "done"
    return f"{status.epochs:3d}/{run.schedule.epochs} epochs  {state}"
