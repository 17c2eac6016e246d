"""A run that was trained for real, if for a moment, for tests of what a person takes away from it."""

from selfsup_segmentation.data.scenes import write_cityscapes
from selfsup_segmentation.reproduce.__main__ import main


def train_for_a_moment(root, row, *more):
    """Folder of a finished run of two steps at 64x32, on four scenes below ``root``."""
    scenes = root / "scenes"
    if not scenes.exists():
        write_cityscapes(scenes, {"train": 4, "val": 2}, size=(128, 64), seed=1)
    arguments = ["train", "--cityscapes", scenes, "--runs", root / "runs", "--row", row, "--epochs", 1]
    arguments += ["--size", "64x32", "--progress", "none", "--no-tensorboard", *more]
    assert main([str(argument) for argument in arguments]) == 0
    return max((root / "runs").rglob("metrics.json"), key=lambda path: path.stat().st_mtime_ns).parent
