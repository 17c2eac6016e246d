"""``reproduce samples``: predictions of a finished run on some of its validation images."""

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.finished_run import open_library, open_run


def add_options(parser):
    """Options of the verb."""
    options.finished_run(parser)
    parser.add_argument("out", metavar="OUT", help="file: .png, .pdf or .svg")
    parser.add_argument("--count", type=options.count, help="images (4)")


def run(request):
    """Draw the predictions."""
    out = arguments.named_path(request.out, "OUT")
    if out.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError(f"{out}: name a .png, .pdf or .svg file.")
    if not out.parent.is_dir():
        raise InputError(f"{out}: the folder {out.parent} does not exist; make it first.")
    finished = open_run(request)
    library = open_library(request, finished)
    arguments.refuse_in_data(out, "OUT", library.source.root)
    from selfsup_segmentation.reproduce.figures.samples import write_samples

    write_samples(finished, library, out, request.count)
    print(f"wrote {out}")
