"""The data of runs: which frames a run needs, decoded at its size, and the colors of its training images."""

import contextlib
import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from selfsup_segmentation.data.cache import FrameCache, checksum
from selfsup_segmentation.data.color import ColorStatistics, color_statistics
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.pipeline import Preparation
from selfsup_segmentation.experiments.datasets.fingerprint import (
    evaluation_files,
    fingerprint,
    seen_by,
    training_files,
)
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.records.json_files import write_text
from selfsup_segmentation.experiments.records.lock import one_after_the_other
from selfsup_segmentation.experiments.tasks import named


@dataclasses.dataclass(frozen=True)
class RunData:
    """What one run trains on and is evaluated on.

    Attributes:
        train, val: built caches at the run's size.
        preparation: of the batches.
        statistics: colors of the training images.
    """

    train: FrameCache
    val: FrameCache
    preparation: Preparation
    statistics: ColorStatistics


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

    def prepare(self, run, colors: ColorStatistics | None = None) -> RunData:
        """Everything that a run needs; decodes what is not in the cache yet.

        Args:
            run: `experiments.run.Run`.
            colors: taken in place of those of the training images.

        Raises:
            InputError: something is missing or damaged, or the split is smaller than a batch.
        """
        readings, size, fit = run.readings, run.schedule.size, self.fit(run)
        seed = readings.kitti_split_seed
        train = self.cache(*training_files(run), size, fit, seed)
        val = self.cache(*evaluation_files(run), size, fit, seed)
        if len(train) < run.schedule.batch_size:
            raise InputError(
                f"{self.source.root}: the split {run.split} has {len(train)} frames, fewer than a batch of "
                f"{run.schedule.batch_size}; choose a smaller --batch-size or add frames."
            )
        self._check_ground_truth(*evaluation_files(run), seed)
        statistics = colors or self._statistics(size, fit, seed)
        preparation = Preparation(named(run.tasks), statistics, readings.input_norm, readings.recon_space)
        return RunData(train, val, preparation, statistics)

    def fit(self, run) -> str:
        """How images become the size of the run's network, see `data.cache.FrameCache`."""
        return self.source.layout.fit(run.readings.kitti_fit)

    def fingerprint(self, run) -> str:
        """See `experiments.datasets.fingerprint`."""
        return self._once(("fingerprint", seen_by(run)), lambda: fingerprint(run, self._frames))

    def _frames(self, split, need, seed):
        key = ("frames", split, need, seed)
        return self._once(key, lambda: self.source.frames(split, need, seed))

    def cache(self, split, need, size, fit, split_seed=0) -> FrameCache:
        """The built cache of a split, with what is needed besides the left images."""

        def make():
            parts = ["left", *(part for part in ("right", "labels") if part in need)]
            cache = FrameCache(self._frames(split, need, split_seed), size, parts, fit, self.folder)
            with self._alone():
                cache.build(self._progress(f"decoding {self.source.name} {split}"))
            return cache

        return self._once(("cache", split, need, size, fit, split_seed), make)

    def _alone(self):
        """Runs that start together on a host decode once: the others wait, and find it done."""
        return contextlib.nullcontext() if self.folder is None else one_after_the_other(self.folder)

    def _check_ground_truth(self, split, need, seed):
        """Decode what only the evaluation reads: a damaged file must not be found after days of training."""
        layout = self.source.layout

        def check(frame):
            if "disparity" in need:
                layout.read_disparity(frame.disparity)
            if "camera" in need and frame.camera is not None:
                layout.read_camera(frame.camera)

        def check_all():
            with ThreadPoolExecutor() as pool:
                return list(pool.map(check, self._frames(split, need, seed)))

        self._once(("checked", split, need, seed), check_all)

    def _once(self, key, make):
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _statistics(self, size, fit, seed):
        """Colors of the finely annotated training images, for every run: classes keep their meaning."""

        def make():
            cache = self.cache("train", (), size, fit, seed)
            if self.folder is None:
                return color_statistics(cache.images("left"))
            with self._alone():
                return self._kept_statistics(cache)

        return self._once(("statistics", size, fit, seed), make)

    def _kept_statistics(self, cache):
        names = "\n".join(cache.paths("left"))  # they change with the images
        stem = f"colors.{hashlib.sha256(names.encode()).hexdigest()[:16]}"
        for path in self.folder.glob(f"{stem}.*.json"):
            content = path.read_bytes()
            if path.name == f"{stem}.{checksum(content)}.json":
                return ColorStatistics.from_json(content.decode())
        text = color_statistics(cache.images("left")).to_json()
        write_text(self.folder / f"{stem}.{checksum(text.encode())}.json", text)
        return ColorStatistics.from_json(text)
