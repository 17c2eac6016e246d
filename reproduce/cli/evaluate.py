"""``reproduce evaluate``: the numbers of a finished run, computed again from its weights."""

from selfsup_segmentation.reproduce.cli.finished_run import open_finished_run
from selfsup_segmentation.reproduce.cli.options import finished_run_options


def add_options(parser):
    """Options of the verb."""
    finished_run_options(parser)


def run(request):
    """Evaluate a finished run again and compare with its recorded numbers."""
    run, folder, results, library = open_finished_run(request)
    from selfsup_segmentation.experiments.execute import evaluate_again

    for name, value in evaluate_again(run, folder, library).items():
        recorded = results.headline[name]
        if value is not None:
            print(f"{name:12s} {value:.6f}   recorded {recorded:.6f}   difference {value - recorded:+.1e}")
