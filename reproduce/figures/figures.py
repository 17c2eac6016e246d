"""Figures 2, 3 and 4 of the paper from finished runs, each with a JSON file that describes it."""

import string
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import scale_of, table_row
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.tasks import named
from selfsup_segmentation.experiments.tasks.disparity import MINIMUM_DISPARITY, DepthScore
from selfsup_segmentation.reproduce.figures import selection
from selfsup_segmentation.reproduce.figures.images import ValidationImages
from selfsup_segmentation.reproduce.figures.panels import Column, draw, save
from selfsup_segmentation.reproduce.published import BEST, BEST_KITTI

_PUBLISHED_BEST = {2: ("Table 1", BEST), 4: ("Table 3", BEST_KITTI)}
_DATA_SETS = {
    "cityscapes": "Cityscapes",
    "kitti": "KITTI",
    "scenes": "embedded street scenes in the layout of Cityscapes",
    "scenes-kitti": "embedded street scenes in the layout of KITTI",
}


def write_segmentation_figure(number, baseline, best, store, library, notes, folder, stem, count=2):
    """Figure 2 (Cityscapes) or 4 (KITTI): where the best network gains and loses most over the baseline.

    Args:
        number: 2, or 4, which also shows the original image.
        baseline, best: finished runs with segmentation on the same data set.
        store: `experiments.records.store.Store`.
        library: `experiments.datasets.library.Library` of their data.
        notes: lines at the top.
        folder, stem: the files are ``<folder>/<stem>.png``, ``.pdf`` and ``.json``.
        count: images with the largest gain, and as many with the largest loss.

    Returns:
        Paths of the files.

    Raises:
        InputError: a run is not finished, lacks scores of single images, or was trained on other data.
    """
    (task,) = named(["seg"])
    runs = {"baseline": baseline, "best": best}
    scores = {name: _scores(run, store, library, "seg") for name, run in runs.items()}
    gains = selection.differences(scores["best"], scores["baseline"])
    top, bottom = selection.both_ends(gains, count)
    images = [
        {"frame": name, "chosen": selection.gain_or_loss(name, gains, name in top), "difference": gains[name]}
        | {which: values[name] for which, values in scores.items()}
        for name in top + bottom
    ]
    shown = {name: _open(run, store, library, images) for name, run in runs.items()}
    columns = [
        Column("ground truth", task.kind, shown["baseline"].truths(task)),
        Column(f"baseline: {table_row(baseline)}", task.kind, shown["baseline"].predictions(task)),
        Column(f"best: {_network(best)}", task.kind, shown["best"].predictions(task)),
    ]
    if number == 4:
        columns.insert(0, Column("original", "image", shown["best"].originals()))
    lines = [
        f"{image['frame']}: baseline {image['baseline']:.3f}, best {image['best']:.3f}: {image['chosen']}"
        for image in images
    ]
    overall = {name: store.metrics(run).headline["sem_miou"] for name, run in runs.items()}
    table, (row, init) = _PUBLISHED_BEST[number]
    caption = [
        f"Figure {number}. Segmentation of validation images of {_DATA_SETS[library.source.name]}. Baseline: "
        f"{table_row(baseline)}. Best: {_network(best)}; in {table} of the paper {row}, {init} is best.",
        "Chosen by rule, not by hand: the highest and the lowest differences best − baseline in the mIoU of "
        f"the single image at native resolution; {selection.tally(gains)} images. mIoU over all images: "
        f"baseline {overall['baseline']:.3f}, best {overall['best']:.3f}, of one seed each: may be chance.",
    ]
    record = {"figure": number, "notes": list(notes), "caption": caption}
    return _write(record, runs, store, images, columns, shown["best"], lines, Path(folder, stem))


def write_self_supervised_figure(run, store, library, notes, folder, stem, count=2):
    """Figure 3: colorization and disparity of the images with the lowest and the highest AbsRel.

    Args:
        run: a finished run with colorization and depth.
        store, library, notes, folder, stem: as in `write_segmentation_figure`.
        count: images with the lowest AbsRel, and as many with the highest.

    Returns, Raises:
        As `write_segmentation_figure`.
    """
    color, disparity = named(["color", "depth"])
    errors = _scores(run, store, library, "depth")
    lowest, highest = selection.both_ends({name: -error for name, error in errors.items()}, count)
    images = [
        {"frame": name, "chosen": selection.rank(errors[name], errors.values(), end), "abs_rel": errors[name]}
        for end, names in (("lowest", lowest), ("highest", highest))
        for name in names
    ]
    shown = _open(run, store, library, images)
    columns = [
        Column("original", "image", shown.originals()),
        Column("colorization", color.kind, shown.predictions(color)),
        Column("measured disparity", disparity.kind, shown.truths(disparity)),
        Column("predicted disparity", disparity.kind, shown.predictions(disparity)),
    ]
    lines = [f"{image['frame']}: AbsRel {image['abs_rel']:.3f} ({image['chosen']})" for image in images]
    caption = [
        f"Figure 3. Colorization and disparity of validation images of {_DATA_SETS[library.source.name]} by "
        f"{_network(run)}. Colorization: lightness of the original, a and b of the predicted color class.",
        f"Chosen by rule, not by hand: of {len(errors)} images those with the lowest and the highest AbsRel, "
        f"over measured disparities of {MINIMUM_DISPARITY:g} to {DepthScore.CAP:g} px. Mean over all "
        f"images: {store.metrics(run).headline['abs_rel']:.3f}.",
    ]
    record = {"figure": 3, "notes": list(notes), "caption": caption}
    return _write(record, {"network": run}, store, images, columns, shown, lines, Path(folder, stem))


def _scores(run, store, library, task):
    scores = selection.recorded_by_image(run, store, task)
    library.check_same_data(run, store)
    return scores


def _open(run, store, library, images):
    if not images:
        raise InputError(f"{run}: no validation image has ground truth to choose by; check the data set.")
    names = [image["frame"] for image in images]
    return ValidationImages(FinishedRun.open(store.finished_folder(run)), library, names)


def _network(run):
    return f"{run.row}, {run.init}"


def _write(record, runs, store, images, columns, shown, lines, path):
    """Complete the caption and the record of a figure, draw it, and write its three files."""
    first = next(iter(runs.values()))
    width, height = first.schedule.size
    inits = " and ".join(dict.fromkeys(run.init for run in runs.values()))
    folders = " and ".join(run.folder for run in runs.values())
    record["caption"].append(
        f"Scale: {scale_of(first.dataset)}, {first.schedule.epochs} epochs at {width}×{height}; "
        f"initialization: {inits}; {'runs' if len(runs) > 1 else 'run'}: {folders}."
    )
    lettered = [f"({letter}) {line}" for letter, line in zip(string.ascii_lowercase, lines, strict=False)]
    figure = draw(columns, shown.sizes, lettered, record["notes"], record["caption"], shown.unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    files = [path.with_name(f"{path.name}.{kind}") for kind in ("png", "pdf", "json")]
    for file in files[:2]:
        save(figure, file)
    folders = {name: str(store.finished_folder(run)) for name, run in runs.items()}
    write_json(files[2], record | {"runs": folders, "images": images})
    return files
