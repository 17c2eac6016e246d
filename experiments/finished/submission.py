"""Predictions of a finished run as files: label ids at native size, as Cityscapes wants them."""

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import train_ids_to_ids


def predict_label_ids(finished, library, split, progress=None):
    """Segment every image of a split.

    Args:
        finished: `experiments.finished.finished_run.FinishedRun` with segmentation.
        library: `experiments.datasets.library.Library` of its data.
        split: ``val``, ``test``, …; labels are not needed.
        progress: callable(done, total), or None.

    Yields:
        `data.frames.Frame` and its label **ids**, uint8 ``[H, W]`` at native size.
    """
    run = finished.run
    cache = library.cache(split, (), run.schedule.size, library.fit(run), run.readings.kitti_split_seed)
    for index, maps in enumerate(finished.network.maps(cache, finished.network.preparation)):
        yield cache.frames[index], train_ids_to_ids(maps["seg_native"][0].astype(np.uint8))
        if progress:
            progress(index + 1, len(cache))


def write_label_ids(predictions, out):
    """Write predictions as ``<frame>_pred.png``, one flat folder, as the official code finds them."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for frame, ids in predictions:
        Image.fromarray(ids).save(out / f"{frame.name}_pred.png", compress_level=6)
    return out


def zip_submission(folder, frames, path):
    """Pack a folder of predictions for the benchmark's server, once nothing is missing and nothing extra.

    Args:
        folder: written by `write_label_ids`.
        frames: of the split.
        path: of the zip file; written under a temporary name, then renamed.

    Raises:
        InputError: a frame has no prediction, a file belongs to no frame, or a size differs from its image's.
    """
    files = {file.name: file for file in Path(folder).glob("*.png")}
    expected = {f"{frame.name}_pred.png": frame for frame in frames}
    missing, extra = sorted(expected.keys() - files.keys()), sorted(files.keys() - expected.keys())
    if missing or extra:
        problem = f"{len(missing)} missing {missing[:3]}, {len(extra)} extra {extra[:3]}"
        raise InputError(f"{folder}: not one prediction for each of {len(expected)} frames: {problem}.")
    for name, frame in expected.items():
        with Image.open(files[name]) as prediction, Image.open(frame.left) as image:
            if prediction.size != image.size or prediction.mode != "L":
                found = f"{prediction.size} {prediction.mode}"
                raise InputError(f"{files[name]}: {found} where {image.size} L is expected; predict again.")
    path = Path(path)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
            for name in sorted(expected):
                archive.write(files[name], name)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
