"""The data of runs: which frames a run needs, decoded at its size, and the colors of its training images."""

import contextlib
import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from selfsup_segmentation.data.cache import FrameCache, checksum
from selfsup_segmentation.data.color import ColorStatistics, color_statistics
from selfsup_segmentation.data.decode import NO_ROAD
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import lack_road
from selfsup_segmentation.data.pipeline import Preparation
from selfsup_segmentation.experiments.datasets import source as sources
from selfsup_segmentation.experiments.records.json_files import write_text
from selfsup_segmentation.experiments.records.lock import one_after_the_other
from selfsup_segmentation.experiments.tasks import named


@dataclasses.dataclass(frozen=True)
class RunData:
    """Data that a run is trained and evaluated on.

    Attributes:
        train, val: built caches at the run's size.
        preparation: preparation of the batches.
        statistics: colors of the training images.
    """

    train: FrameCache
    val: FrameCache
    preparation: Preparation
    statistics: ColorStatistics


class Library:
    """Frames, caches and statistics of one source, each made once.

    Args:
        source: data set; never written to.
        folder: folder of the decoded images; None keeps them in memory.
        progress: function of a description that returns a callable(done, total).
    """

    def __init__(self, source: sources.Source, folder: Path | None, progress=None):
        self.source = source
        self.folder = None if folder is None else Path(folder)
        self._progress = progress or (lambda description: None)
        self._made = {}

    def prepare(self, run, colors: ColorStatistics | None = None) -> RunData:
        """Data of a run; images that are not in the cache yet are decoded.

        Args:
            run: `experiments.run.Run`.
            colors: colors to use instead of those of the training images.

        Raises:
            InputError: something is missing or damaged, or the split is smaller than a batch.
        """
        readings, size, fit = run.readings, run.schedule.size, self.fit(run)
        seed = readings.kitti_split_seed
        train = self.cache(*sources.training_files(run), size, fit, seed)
        val = self.cache(*sources.evaluation_files(run), size, fit, seed)
        if len(train) < run.schedule.batch_size:
            raise InputError(
                f"{self.source.root}: the split {run.split} has {len(train)} frames, fewer than a batch of "
                f"{run.schedule.batch_size}; choose a smaller --batch-size or add frames."
            )
        self._check_ground_truth(*sources.evaluation_files(run), seed)
        statistics = colors or self._statistics(size, fit, seed)
        preparation = Preparation(named(run.tasks), statistics, readings.input_norm, readings.recon_space)
        return RunData(train, val, preparation, statistics)

    def fit(self, run) -> str:
        """How images become the size of the run's network, see `data.cache.FrameCache`."""
        return self.source.layout.fit(run.readings.kitti_fit)

    def fingerprint(self, run) -> str:
        """Digest of the files that a run sees, see `experiments.datasets.source.fingerprint`."""
        key = ("fingerprint", sources.seen_by(run))
        return self._once(key, lambda: sources.fingerprint(run, self._frames))

    def check_same_data(self, run, store):
        """Raise `InputError` if a run of the store was begun, or finished, with other data."""
        described = store.description(run)
        if described and described["data"]["fingerprint"] != self.fingerprint(run):
            raise InputError(
                f"{store.finished_folder(run)} was made with other data (then at "
                f"{described['data']['root']}, now {self.source.root}); name another --runs folder, or "
                "remove that run."
            )

    def _frames(self, split, need, seed):
        return self._once(("frames", split, need, seed), lambda: self.source.frames(split, need, seed))

    def cache(self, split, need, size, fit, split_seed=0) -> FrameCache:
        """The built cache of a split, with what is needed besides the left images."""

        def make():
            parts = ["left", *(part for part in ("right", "labels") if part in need)]
            cache = FrameCache(self._frames(split, need, split_seed), size, parts, fit, self.folder)
            with self._alone():
                cache.build(self._progress(f"decoding {self.source.name} {split}"))
            if "labels" in parts and lack_road(cache.images("labels")):
                raise InputError(f"{cache.frames[0].labels} {NO_ROAD}")
            return cache

        return self._once(("cache", split, need, size, fit, split_seed), make)

    def _alone(self):
        """Lock of the folder: of runs that start together on a host, one decodes and the others wait."""
        return contextlib.nullcontext() if self.folder is None else one_after_the_other(self.folder)

    def _check_ground_truth(self, split, need, seed):
        """Decode ground truth of the evaluation, so that a damaged file is reported before the training."""
        layout = self.source.layout

        def check(frame):
            if "disparity" in need:
                layout.read_disparity(frame.disparity)
            if "camera" in need and frame.camera is not None:
                layout.read_camera(frame.camera)

        with ThreadPoolExecutor() as pool:
            frames = self._frames(split, need, seed)
            self._once(("checked", split, need, seed), lambda: list(pool.map(check, frames)))

    def _once(self, key, make):
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _statistics(self, size, fit, seed):
        """Colors of the finely annotated training images, for every run: classes keep their meaning."""

        def make():
            cache = self.cache("train", (), size, fit, seed)
            with self._alone():
                return self._stored_statistics(cache)

        return self._once(("statistics", size, fit, seed), make)

    def _stored_statistics(self, cache):
        if self.folder is None:
            return color_statistics(cache.images("left"))
        names = "\n".join(cache.paths("left"))  # they change with the images
        stem = f"colors.{hashlib.sha256(names.encode()).hexdigest()[:16]}"
        for path in self.folder.glob(f"{stem}.*.json"):
            content = path.read_bytes()
            if path.name == f"{stem}.{checksum(content)}.json":
                return ColorStatistics.from_json(content.decode())
        text = color_statistics(cache.images("left")).to_json()
        write_text(self.folder / f"{stem}.{checksum(text.encode())}.json", text)
        return ColorStatistics.from_json(text)
