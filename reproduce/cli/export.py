"""``export``: a run's segmentation network as a file for other programs."""

from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.commands import finished_run, read_run


def export_command(args):
    """Write the segmentation network of a finished run, compared with the run in the format's own runtime."""
    run, folder, _, _ = read_run(args)
    from selfsup_segmentation.experiments.finished.formats import ENDINGS, require_packages

    require_packages(args.format)
    name = "segmentation-logits" if args.logits else "segmentation"
    default = folder / "export" / f"{name}{ENDINGS[args.format] or '-savedmodel'}"
    out = default if args.out is None else arguments.named_path(args.out, "--out")
    if out.suffix != ENDINGS[args.format] and ENDINGS[args.format]:
        out = out.with_name(f"{out.name}{ENDINGS[args.format]}")
    run, folder, _, library = finished_run(args)
    arguments.make_folder(out.parent, "--out", library.source)
    from selfsup_segmentation.experiments.finished.export import export_segmentation

    facts = export_segmentation(run, folder, library, args.format, out, args.logits)
    print("\n".join(_lines(facts)))
    print(f"wrote {out}")
    print(f"wrote {out}.json")


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
