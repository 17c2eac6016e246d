"""The data of runs: which frames a run needs, decoded at its size, and the colors of its training images."""

import dataclasses
import hashlib
from pathlib import Path

from data.cache import FrameCache
from data.color import ColorStatistics, color_statistics
from data.errors import InputError
from data.pipeline import Preparation
from experiments.sources import Source

_NEED_IN_TRAINING = {"seg": ("labels",), "color": (), "depth": ("right",)}
_NEED_IN_EVALUATION = {"seg": ("labels",), "color": (), "depth": ("disparity", "camera")}


@dataclasses.dataclass(frozen=True)
class RunData:
    """What one run trains on and is evaluated on.

    Attributes:
        train, val: built caches at the run's size.
        preparation: of the batches.
        statistics: colors of the training images.
        fingerprint: of names and sizes of the files; changes when the data changes.
    """

    train: FrameCache
    val: FrameCache
    preparation: Preparation
    statistics: ColorStatistics
    fingerprint: str


class Library:
    """Frames, caches and statistics of one source, each made once.

    Args:
        source: where the data is; never written to.
        folder: of the decoded images; None keeps them in memory.
        progress: makes a callable(done, total) for a description.
    """

    def __init__(self, source: Source, folder: Path | None, progress=None):
        self.source = source
        self.folder = None if folder is None else Path(folder)
        self._progress = progress or (lambda description: None)
        self._made = {}

    def prepare(self, run) -> RunData:
        """Everything that a run needs; decodes what is not in the cache yet.

        Raises:
            InputError: something is missing or damaged, or the split is smaller than a batch.
        """
        readings, size = run.readings, run.schedule.size
        fit = readings.kitti_fit if self.source.layout == "kitti" else "resize"
        train = self._cache(run.split, _union(_NEED_IN_TRAINING, run.tasks), size, fit)
        val = self._cache("val", _union(_NEED_IN_EVALUATION, run.tasks), size, fit)
        if len(train) < run.schedule.batch_size:
            raise InputError(
                f"{self.source.root}: the split {run.split} has {len(train)} frames, fewer than a batch of "
                f"{run.schedule.batch_size}; choose a smaller --batch-size or add frames."
            )
        statistics = self._statistics(size, fit)
        preparation = Preparation(run.tasks, statistics, readings.input_norm, readings.recon_space)
        return RunData(train, val, preparation, statistics, _fingerprint(train, val))

    def _cache(self, split, need, size, fit):
        key = (split, need, size, fit)
        if key not in self._made:
            frames = self.source.frames(split, need)
            parts = ["left", *(part for part in ("right", "labels") if part in need)]
            cache = FrameCache(frames, size, parts, fit, self.folder)
            cache.build(self._progress(f"decoding {self.source.name} {split}"))
            self._made[key] = cache
        return self._made[key]

    def _statistics(self, size, fit):
        """Colors of the finely annotated training images, for every run: classes keep their meaning."""
        key = ("statistics", size, fit)
        if key in self._made:
            return self._made[key]
        cache = self._cache("train", (), size, fit)
        path = self.folder and self.folder / f"colors.{_fingerprint(cache)}.{size[0]}x{size[1]}.{fit}.json"
        if path and path.is_file():
            statistics = ColorStatistics.from_json(path.read_text())
        else:
            statistics = color_statistics(cache.images("left"))
            if path:
                temporary = path.with_suffix(".tmp")
                temporary.write_text(statistics.to_json())
                temporary.replace(path)
        self._made[key] = statistics
        return statistics


def _union(needs, tasks):
    return tuple(sorted({part for task in tasks for part in needs[task]}))


def _fingerprint(*caches):
    digest = hashlib.sha256()
    for cache in caches:
        for frame in cache.frames:
            digest.update(f"{frame.name} {frame.left.stat().st_size}\n".encode())
    return digest.hexdigest()[:16]
