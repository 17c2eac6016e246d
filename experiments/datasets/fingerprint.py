"""Which files a run sees, and a fingerprint of them; no TensorFlow."""

import hashlib

from selfsup_segmentation.experiments.tasks import named


def training_files(run):
    """(split, parts of a frame besides the left image) that a run trains on."""
    return run.split, _union(task.training_parts for task in named(run.tasks))


def evaluation_files(run):
    """(split, parts of a frame besides the left image) that a run is evaluated on."""
    return "val", _union(task.evaluation_parts for task in named(run.tasks))


def _union(parts_of_tasks):
    return tuple(sorted(set().union(*parts_of_tasks)))


def seen_by(run):
    """What decides a run's fingerprint, besides the data: runs with equal values see the same files."""
    return training_files(run), evaluation_files(run), run.readings.kitti_split_seed


def fingerprint(run, frames):
    """Of names and sizes of all files that a run sees; changes when the data changes.

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
