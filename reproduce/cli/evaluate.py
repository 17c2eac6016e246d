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
        shown = [f"{name:12s} {_text(value)}", f"recorded {_text(recorded)}"]
        if None not in (value, recorded):
            shown.append(f"difference {value - recorded:+.1e}")
        print("   ".join(shown))


def _text(value):
    return "nothing to score" if value is None else f"{value:.6f}"
