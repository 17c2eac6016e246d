"""A data set on disk, of any layout; no TensorFlow."""

import dataclasses
from pathlib import Path

from selfsup_segmentation.data.decode import check_frames
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layout import Layout
from selfsup_segmentation.experiments.datasets.fingerprint import fingerprint, seen_by

SCENES_MARKER = "scenes.json"


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set on disk.

    Attributes:
        layout: see `data.layouts`.
        root: folder of the data set.
    """

    layout: Layout
    root: Path

    @property
    def is_scenes(self):
        """Whether the images are embedded street scenes."""
        return (self.root / SCENES_MARKER).is_file()

    @property
    def name(self):
        """``cityscapes``, ``kitti``, ``scenes`` or ``scenes-kitti``; the first part of a run's name."""
        return self.layout.scenes_name if self.is_scenes else self.layout.name

    def frames(self, split, need=(), split_seed=0):
        """Frames of a split, see `data.layout.Layout.find_frames`; every header is checked."""
        frames = self.listed_frames(split, need, split_seed)
        check_frames(frames)
        return frames

    def listed_frames(self, split, need=(), split_seed=0):
        """The same, and no file is opened."""
        return self.layout.find_frames(self.root, split, need, split_seed)

    def note(self):
        """A sentence that belongs on every number of this data, or None."""
        return None if self.is_scenes else self.layout.note(self.root)


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
