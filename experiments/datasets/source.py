"""A data set on disk, of any layout, and the files of it that a run sees; no TensorFlow."""

import dataclasses
import hashlib
from pathlib import Path

from selfsup_segmentation.data.decode import check_frames
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layout import Layout
from selfsup_segmentation.experiments.tasks import named

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

    def lacks(self, split):
        """Why a split is not there at all, one sentence; None if some of its images are."""
        try:
            self.listed_frames(split)
        except InputError as error:
            return str(error)
        return None

    def note(self):
        """A sentence that belongs on every number of this data, or None."""
        return None if self.is_scenes else self.layout.note(self.root)


def training_files(run):
    """(split, parts of a frame besides the left image) that a run trains on."""
    return run.split, tuple(sorted({part for task in named(run.tasks) for part in task.training_parts}))


def evaluation_files(run):
    """(split, parts of a frame besides the left image) that a run is evaluated on."""
    return "val", tuple(sorted({part for task in named(run.tasks) for part in task.evaluation_parts}))


def seen_by(run):
    """What decides a run's fingerprint, besides the data: runs with equal values see the same files."""
    return training_files(run), evaluation_files(run), run.readings.kitti_split_seed


def fingerprint(run, frames):
    """Digest of names and sizes of all files that a run sees; changes when the data changes.

    Args:
        run: `experiments.run.Run`.
        frames: function of (split, parts, seed of the split) that returns the `data.frames.Frame` list.
    """
    *selections, seed = seen_by(run)
    digest = hashlib.sha256()
    for split, need in selections:
        for frame in frames(split, need, seed):
            files = [getattr(frame, part) for part in ("left", *need)]
            sizes = [file.stat().st_size for file in files if file is not None]
            digest.update(f"{split} {frame.name} {sizes}\n".encode())
    return digest.hexdigest()[:16]


def fingerprint_now(sources):
    """Current `fingerprint` of the available data.

    Args:
        sources: dict of data label to `Source`.

    Returns:
        Function of a run that returns the fingerprint of its data; None where the data is unavailable.
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
