"""``reproduce export``: the segmentation network of a run as a file for other programs."""

from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.finished_run import open_library, open_run


def add_options(parser):
    """Options of the verb."""
    options.finished_run(parser)
    parser.add_argument("--format", required=True, choices=("keras", "savedmodel", "tflite", "onnx"))
    parser.add_argument("--out", metavar="PATH", help="file or folder (RUN/export/segmentation…)")
    parser.add_argument("--logits", action="store_true", help="logits as output rather than trainIds")


def run(request):
    """Write the segmentation network of a finished run, compared with the run in the format's own runtime."""
    finished = open_run(request)
    from selfsup_segmentation.experiments.finished.formats import ENDINGS, require_packages

    require_packages(request.format)
    name, ending = "segmentation-logits" if request.logits else "segmentation", ENDINGS[request.format]
    out = finished.folder / "export" / f"{name}{ending or '-savedmodel'}"
    if request.out is not None:
        out = arguments.named_path(request.out, "--out")
    if ending and out.suffix != ending:
        out = out.with_name(f"{out.name}{ending}")
    library = open_library(request, finished)
    arguments.make_folder(out.parent, "--out", library.source)
    from selfsup_segmentation.experiments.finished.export import export_segmentation

    facts = export_segmentation(finished, library, request.format, out, request.logits)
    print("\n".join(_lines(facts)))
    print(f"wrote {out}\nwrote {out}.json")


def _lines(facts):
    width, height = facts["size"]
    yield f"input   {facts['input']}; trained at {width}x{height}"
    yield f"output  {facts['output']}"
    same = "all" if facts["same_class"] == 1 else f"{100 * facts['same_class']:.5f} %"
    yield f"check   {facts['images']} validation images: the run's class at {same} of the pixels"
    if "largest_difference" in facts:
        yield f"        largest difference of a logit: {facts['largest_difference']:.1e}"
    elif facts["same_class"] < 1:
        yield f"        elsewhere its logits of both classes differ by at most {facts['largest_gap']:.1e}"
    yield f"size    {facts['bytes'] / 1e6:.1f} MB"
    threads = f"{facts['threads']} thread{'s' * (facts['threads'] != 1)} of {facts['machine']}"
    yield f"time    {facts['seconds'] * 1000:.1f} ms an image (median of {facts['images']}), {threads}"
