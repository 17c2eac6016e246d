"""``reproduce text-numbers``: color alone, depth alone, the 1×1 embedding, and the cost of inference."""

from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.cli.session import Written, open_session
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow
from selfsup_segmentation.reproduce.tables import text_numbers
from selfsup_segmentation.reproduce.tables.inference_cost import inference_document


def add_options(parser):
    """Options of the verb."""
    options.data(parser, "cityscapes")
    parser.add_argument("--inference-size", metavar="WxH", help="of the timed image (1024x512)")
    options.out(parser)
    options.training(parser)


def run(request):
    """Execute what is missing, show the numbers, and measure what the segmentation network costs."""
    session, size = open_session(request), arguments.parse_size(request.inference_size, "--inference-size")
    named = text_numbers.text_runs(session.label, request.seeds, session.readings)
    runs, names = [run for _, run in named], {run.folder: name for name, run in named}
    if not session.execute(runs):
        return Written()
    measured, reasons = session.collect(runs, name=lambda run: names[run.folder])
    table = text_numbers.build(measured, reasons, session.notes_on(runs))
    written = session.show(table, "text-numbers", shown=named)
    import_tensorflow()
    from selfsup_segmentation.experiments.finished.inference import measure_inference

    document = inference_document(measure_inference(size))
    files = session.wrote(*session.show_document(document, "inference"))
    return Written([*written.paths, *files], written.rewrite)
