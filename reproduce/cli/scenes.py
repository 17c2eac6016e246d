"""``reproduce scenes``: embedded street scenes, written in the layout of a data set."""

from selfsup_segmentation.data import scenes
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.options import seed

SIZES = {"cityscapes": "512x256", "kitti": "1242x375"}


def add_options(parser):
    """Options of the verb."""
    parser.add_argument("out", metavar="OUT", help="folder")
    parser.add_argument("--layout", choices=tuple(SIZES), help="(cityscapes)")
    parser.add_argument("--count", type=int, default=32, help="frames to train on (32)")
    parser.add_argument("--size", metavar="WxH", help="512x256, and 1242x375 for kitti")
    parser.add_argument("--seed", type=seed, help="of the scenes (0)")


def run(request):
    """Write the scenes."""
    layout, count = request.layout, request.count
    out = arguments.named_path(request.out, "OUT")
    counts, write = count, scenes.write_kitti
    if layout == "cityscapes":
        few = max(1, count // 4)
        counts = {"train": count, "val": few, "test": few, "train_extra": count}
        write = scenes.write_cityscapes
    size = arguments.parse_size(request.size or SIZES[layout])
    progress = arguments.progress_line("rendering street scenes")
    write(out, counts, size=size, seed=request.seed, progress=progress)
