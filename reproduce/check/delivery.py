"""Whether the data set's files arrive as fast as a device trains."""

import shutil
import tempfile
import time
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import evaluation_files, training_files

FRAMES, PASSES = 16, 4
PARTS = ("left", "right", "labels")


def measure_delivery(source, folder):
    """Decode a sample of training frames as for a run on all tasks, and read them as its training does.

    Args:
        source: `experiments.datasets.source.Source`.
        folder: where the cache of decoded images goes; the sample is removed again.

    Returns:
        Dict of ``frames`` (of the sample), ``decoded`` and ``delivered`` (frames a second), ``cache_bytes``
        (of all frames of the data set's tables) and ``free_bytes`` (of the disk).

    Raises:
        InputError: the training frames are missing or damaged.
    """
    # TensorFlow is imported when other processes are done with the device.
    from selfsup_segmentation.data.cache import FrameCache
    from selfsup_segmentation.data.color import color_statistics
    from selfsup_segmentation.data.pipeline import Preparation, training_batches
    from selfsup_segmentation.experiments.tasks import named

    tasks = catalog.MULTI_TASKS[-1]
    run = catalog.make_run(catalog.dataset_label(source.name, "paper"), tasks, "UW", "random")
    frames = source.frames("train", ("right", "labels"))
    sample = [frames[len(frames) * k // FRAMES] for k in range(FRAMES)] if len(frames) > FRAMES else frames
    schedule, fit = run.schedule, source.layout.fit(run.readings.kitti_fit)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="check-") as sampled:
        cache = FrameCache(sample, schedule.size, PARTS, fit, Path(sampled))
        started = time.perf_counter()
        cache.build()
        decoded = len(sample) / (time.perf_counter() - started)
        preparation = Preparation(named(tasks), color_statistics(cache.images("left")))
        batches = iter(training_batches(cache, preparation, schedule.batch_size, run.seed, PASSES))
        next(batches)
        started = time.perf_counter()
        count = sum(1 for _ in batches) * schedule.batch_size
        delivered = count / (time.perf_counter() - started)
    return {
        "frames": len(sample),
        "decoded": decoded,
        "delivered": delivered,
        "cache_bytes": _cache_bytes(source, run),
        "free_bytes": shutil.disk_usage(folder).free,
    }


def _cache_bytes(source, run):
    """Size of all decoded images of a run and of its pre-training; an absent split needs nothing."""
    from selfsup_segmentation.data.cache import CHANNELS

    stored = set()
    for each in (run, catalog.coarse_run(run.dataset)):
        for split, need in (training_files(each), evaluation_files(each)):
            stored |= {(split, part) for part in {"left", *need} & CHANNELS.keys()}
    frames = {split: _count(source, split) for split, _ in stored}
    pixels = run.schedule.size[0] * run.schedule.size[1]
    return pixels * sum(frames[split] * CHANNELS[part] for split, part in stored)


def _count(source, split):
    try:
        return len(source.listed_frames(split))
    except InputError:  # absent, which the tables say of the rows that need it
        return 0
