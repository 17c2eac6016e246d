"""``reproduce scenes``: embedded street scenes, written in the layout of a data set."""

from selfsup_segmentation.data.layouts import LAYOUTS
from selfsup_segmentation.reproduce.cli import arguments, options


def add_options(parser):
    """Options of the verb."""
    parser.add_argument("out", metavar="OUT", help="folder")
    parser.add_argument("--layout", choices=tuple(LAYOUTS), help="(cityscapes)")
    parser.add_argument("--count", type=int, default=32, help="frames to train on (32)")
    parser.add_argument("--size", metavar="WxH", help="512x256, and 1242x375 for kitti")
    parser.add_argument("--seed", type=options.seed, help="of the scenes (0)")


def run(request):
    """Write the scenes."""
    layout, out = LAYOUTS[request.layout], arguments.named_path(request.out, "OUT")
    size = arguments.parse_size(request.size) if request.size else layout.scenes_size
    counts, progress = layout.scene_counts(request.count), arguments.progress_line("rendering street scenes")
    layout.write_scenes(out, counts, size=size, seed=request.seed, progress=progress)
