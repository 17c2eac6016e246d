"""A data set on disk, of either layout; no TensorFlow."""

import dataclasses
from pathlib import Path

from data import cityscapes, kitti
from data.decode import check_frames

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
        if self.layout == "kitti":
            frames = kitti.find_frames(self.root, split, need, split_seed)
        else:
            frames = cityscapes.find_frames(self.root, split, need)
        check_frames(frames)
        return frames

    def note(self):
        """A sentence that belongs on every number of this data, or None."""
        return kitti.split_note(self.root) if self.layout == "kitti" and not self.is_scenes else None
