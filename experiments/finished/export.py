"""A run's segmentation network as a file for other programs, compared with the run before anybody gets it."""

import dataclasses
import shutil
import statistics
import tempfile
import timeit
from pathlib import Path

import numpy as np

from selfsup_segmentation.data.color import rgb_to_lab
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.labels import CLASS_NAMES, NUM_CLASSES, PALETTE
from selfsup_segmentation.experiments.finished.inference import strict_float32
from selfsup_segmentation.experiments.finished.runtimes import write_and_read
from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.models.export import rgb_segmentation, segmentation_only

IMAGES = 20  # of the validation set, evenly spaced, on which a file is compared
TOLERANCE = 1e-4  # of a logit: sums of float32 in another order; measured are 1e-5


def export_segmentation(finished, library, kind, path, logits=False):
    """Write a run's segmentation network, read it back in its own runtime, compare, and only then name it.

    What is exported is the encoder with its BatchNorm statistics of Lab images, which are those behind the
    headline, and the decoder, in float32 whatever precision the run was trained in.

    Args:
        finished: `experiments.finished.finished_run.FinishedRun` with segmentation.
        library: `experiments.datasets.library.Library` of its data: its validation images are compared.
        kind: a format of `experiments.finished.runtimes`.
        path: of the file, for ``savedmodel`` of the folder; what was there is replaced.
        logits: whether these are the output rather than trainIds.

    Returns:
        Facts as plain data, which ``<path>.json`` holds as well: see `_describe` and `_compare`; ``machine``
        and ``threads``, ``bytes`` of the file, ``seconds``: median time of an image in its runtime, batch 1.

    Raises:
        InputError: the run has no segmentation, something else is at the path, or the file that was written
            does not compute what the run does; there is no file then.
    """
    run = finished.run
    if "seg" not in run.tasks:
        raise InputError(f"{run} has no segmentation to export; name a run of a row with SS.")
    # Only a file replaces a file, and only a SavedModel a folder.
    if path.exists() and not (path / "saved_model.pb" if kind == "savedmodel" else path).is_file():
        raise InputError(f"--out {path}: there is something else already; name another path.")
    exact = dataclasses.replace(run, readings=dataclasses.replace(run.readings, precision="float32"))
    trained = dataclasses.replace(finished, run=exact).network
    cache = library.cache("val", (), run.schedule.size, library.fit(run), run.readings.kitti_split_seed)
    indices = np.unique(np.linspace(0, len(cache) - 1, IMAGES).round().astype(int))
    images = [cache.image("left", index)[None] for index in indices]
    machine = provenance.machine()
    facts = _describe(run, kind, logits) | {"machine": machine["cpu"], "threads": machine["cores"]}
    alone, normalize = segmentation_only(trained.model), trained.preparation.network_input
    with (
        strict_float32(),
        trained.stream("lab"),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}") as folder,
    ):
        new = Path(folder) / path.name
        network = rgb_segmentation(trained.model, normalize, run.readings.backbone)
        call = write_and_read(kind, network, logits, new, run.schedule.size, facts, machine["cores"])
        facts |= _compare(
            call,
            lambda image: alone(normalize(rgb_to_lab(image)), training=False).numpy(),
            images,
            logits,
            path,
        )
        seconds = [timeit.timeit(lambda image=image: call(image), number=1) for image in images]
        facts["seconds"] = statistics.median(seconds)
        facts["bytes"] = sum(file.stat().st_size for file in (new, *new.rglob("*")) if file.is_file())
        if path.is_dir():
            shutil.rmtree(path)
        new.replace(path)
    write_json(path.with_name(f"{path.name}.json"), facts)
    return facts


def _describe(run, kind, logits):
    """What a user of the file has to know: ``run``, ``input``, ``output``, ``size`` (width, height) that the
    network was trained at, ``classes`` by trainId, ``palette`` (RGB by trainId) and ``versions``.
    """
    free = "multiples of 32" if kind != "tflite" else "fixed"
    output = "logits float32 [B, H, W, 19]" if logits else "train_ids uint8 [B, H, W], 0..18"
    return {
        "run": run.folder,
        "format": kind,
        "input": f"image uint8 [B, H, W, 3], sRGB; H and W {free}",
        "output": output,
        "size": list(run.schedule.size),
        "classes": list(CLASS_NAMES),
        "palette": PALETTE[:NUM_CLASSES].tolist(),
        "versions": provenance.versions(),
    }


def _compare(call, reference, images, logits, path):
    """Outputs of the file beside those of the run.

    TrainIds may differ only where the run itself is undecided: where its logits of both classes are as close
    as two tolerances.

    Returns:
        ``images``: number; ``same_class``: share of their pixels, 0 to 1; for logits ``largest_difference``,
        for trainIds ``largest_gap`` of the run's logits where the classes differ; and its ``tolerance``.

    Raises:
        InputError: it is exceeded.
    """
    same, largest, limit = [], 0.0, TOLERANCE if logits else 2 * TOLERANCE
    for image in images:
        expected, found = reference(image), call(image)
        if found.shape != (expected.shape if logits else expected.shape[:-1]):
            raise InputError(f"{path} was not written: its output has the shape {found.shape}.")
        classes = found.argmax(-1) if logits else found.astype(np.int64)
        same.append(float((classes == expected.argmax(-1)).mean()))
        if logits:
            difference = np.abs(found - expected)
        else:
            difference = expected.max(-1) - np.take_along_axis(expected, classes[..., None], -1)[..., 0]
        largest = float(max(largest, np.nan_to_num(difference, nan=np.inf).max()))
    if largest > limit:
        raise InputError(
            f"{path} was not written: on the run's images its outputs are {largest:.1e} from the run's "
            f"({limit:.1e} is allowed); choose another --format, or other versions of its packages."
        )
    return {
        "images": len(images),
        "same_class": statistics.fmean(same),
        "largest_difference" if logits else "largest_gap": largest,
        "tolerance": limit,
    }
