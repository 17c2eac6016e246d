"""A data set on disk, of either layout; no TensorFlow."""

import dataclasses
from pathlib import Path

from selfsup_segmentation.data import cityscapes, kitti
from selfsup_segmentation.data.decode import check_frames
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.datasets.fingerprint import fingerprint, seen_by

SCENES_MARKER = "scenes.json"


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set on disk.

    Attributes:
        layout: ``cityscapes`` or ``kitti``.
        root: its folder.
    """

    layout: str
    root: Path

    @property
    def is_scenes(self):
        """Whether the images are embedded street scenes."""
        return (self.root / SCENES_MARKER).is_file()

    @property
    def name(self):
        """``cityscapes``, ``kitti``, ``scenes`` or ``scenes-kitti``; the first part of a run's name."""
        if not self.is_scenes:
            return self.layout
        return "scenes" if self.layout == "cityscapes" else "scenes-kitti"

    def frames(self, split, need=(), split_seed=0):
        """Frames of a split with the files that are needed; every header is checked.

        Args:
            split, need: as for `data.cityscapes.find_frames`.
            split_seed: as for `data.kitti.find_frames`; Cityscapes has its own split.
        """
        frames = self.listed_frames(split, need, split_seed)
        check_frames(frames)
        return frames

    def listed_frames(self, split, need=(), split_seed=0):
        """The same, and no file is opened."""
        if self.layout == "kitti":
            return kitti.find_frames(self.root, split, need, split_seed)
        return cityscapes.find_frames(self.root, split, need)

    def note(self):
        """A sentence that belongs on every number of this data, or None."""
        return kitti.split_note(self.root) if self.layout == "kitti" and not self.is_scenes else None


def fingerprint_now(sources):
    """What the data at hand is now, see `experiments.datasets.fingerprint`.

    Args:
        sources: dict of data label to `Source`.

    Returns:
        Function of a run that returns the fingerprint of its data; None where that is not at hand.
    """
    known = {}

    def of_run(run):
        source = sources.get(run.dataset)
        if source is None or not source.root.is_dir():
            return None
        key = (run.dataset, *seen_by(run))
        if key not in known:
            try:
                known[key] = fingerprint(run, source.listed_frames)
            except InputError:
                known[key] = "incomplete"
        return known[key]

    return of_run
