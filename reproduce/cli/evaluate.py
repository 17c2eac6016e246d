"""``reproduce evaluate``: the numbers of a finished run, computed again from its weights."""

from selfsup_segmentation.reproduce.cli import options
from selfsup_segmentation.reproduce.cli.finished_run import open_library, open_run


def add_options(parser):
    """Options of the verb."""
    options.finished_run(parser)


def run(request):
    """Evaluate a finished run again and compare with its recorded numbers."""
    finished = open_run(request)
    library = open_library(request, finished)
    for name, value in finished.network.evaluate(library).items():
        recorded = finished.results.headline[name]
        if value is not None:
            print(f"{name:12s} {value:.6f}   recorded {recorded:.6f}   difference {value - recorded:+.1e}")
