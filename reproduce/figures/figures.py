"""Figures 2, 3 and 4 of the paper from finished runs, and beside each a file that says what it shows."""

import string
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.catalog import scale_of, table_row
from selfsup_segmentation.experiments.execute import check_same_data
from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.tasks.disparity import MINIMUM_DISPARITY, DepthScore
from selfsup_segmentation.reproduce.figures.images import Pictures
from selfsup_segmentation.reproduce.figures.panels import Column, draw, save
from selfsup_segmentation.reproduce.figures.selection import (
    both_ends,
    differences,
    gain_or_loss,
    rank,
    recorded_by_image,
    tally,
)
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
        notes: lines that must be seen with the figure.
        folder, stem: the files are ``<folder>/<stem>.png``, ``.pdf`` and ``.json``.
        count: images with the largest gain, and as many with the largest loss.

    Returns:
        Paths of what was written.

    Raises:
        InputError: a run is not finished, is older than the scores of single images, or saw other data.
    """
    runs = {"baseline": baseline, "best": best}
    scores = {name: _scores(run, store, library, "seg") for name, run in runs.items()}
    gains = differences(scores["best"], scores["baseline"])
    top, bottom = both_ends(gains, count)
    names = _some(top + bottom, best)
    shown = {name: _pictures(run, store, library, names) for name, run in runs.items()}
    columns = [
        Column("ground truth", "labels", shown["baseline"].labels()),
        Column(f"baseline: {table_row(baseline)}", "labels", shown["baseline"].segmentations()),
        Column(f"best: {_network(best)}", "labels", shown["best"].segmentations()),
    ]
    if number == 4:
        columns.insert(0, Column("original", "image", shown["best"].originals()))

    images = [
        {"frame": name, "chosen": gain_or_loss(name, gains, name in top), "difference": gains[name]}
        | {which: values[name] for which, values in scores.items()}
        for name in names
    ]
    lines = [
        f"{image['frame']}: baseline {image['baseline']:.3f}, best {image['best']:.3f}: {image['chosen']}"
        for image in images
    ]
    whole = {name: store.metrics(run).headline["sem_miou"] for name, run in runs.items()}
    table, (row, init) = _PUBLISHED_BEST[number]
    caption = [
        f"Figure {number}. Segmentation of validation images of {_data_set(library)}. Baseline: "
        f"{table_row(baseline)}. Best: {_network(best)}; in {table} of the paper {row}, {init} is best.",
        "Chosen by rule, not by hand: the highest and the lowest differences best − baseline in the mIoU of "
        f"the single image at native resolution; {tally(gains)} images. mIoU of the whole set: baseline "
        f"{whole['baseline']:.3f}, best {whole['best']:.3f}.",
        _setting(baseline, best),
    ]
    figure = draw(columns, shown["best"].sizes(), _lettered(lines), notes, caption)
    return _write(figure, folder, stem, number, runs, store, images, notes, caption)


def write_self_supervised_figure(run, store, library, notes, folder, stem, count=2):
    """Figure 3: colorization and disparity of the images with the lowest and the highest AbsRel.

    Args:
        run: a finished run with colorization and depth.
        store, library, notes, folder, stem: as in `write_segmentation_figure`.
        count: images with the lowest AbsRel, and as many with the highest.

    Returns, Raises:
        As `write_segmentation_figure`.
    """
    errors = _scores(run, store, library, "depth")
    lowest, highest = both_ends({name: -error for name, error in errors.items()}, count)
    names = _some(lowest + highest, run)
    shown = _pictures(run, store, library, names)
    columns = [
        Column("original", "image", shown.originals()),
        Column("colorization", "image", shown.colorizations()),
        Column("measured disparity", "disparity", shown.measured_disparities()),
        Column("predicted disparity", "disparity", shown.predicted_disparities()),
    ]
    images = [
        {
            "frame": name,
            "chosen": rank(errors[name], errors.values(), "lowest" if name in lowest else "highest"),
            "abs_rel": errors[name],
        }
        for name in names
    ]
    lines = [f"{image['frame']}: AbsRel {image['abs_rel']:.3f} ({image['chosen']})" for image in images]
    caption = [
        f"Figure 3. Colorization and disparity of validation images of {_data_set(library)} by "
        f"{_network(run)}. Colorization: lightness of the original, a and b of the predicted color class.",
        f"Chosen by rule, not by hand: of {len(errors)} images those with the lowest and the highest AbsRel, "
        f"over measured disparities of {MINIMUM_DISPARITY:g} to {DepthScore.CAP:g} px. Mean over the whole "
        f"set: {store.metrics(run).headline['abs_rel']:.3f}.",
        _setting(run),
    ]
    figure = draw(columns, shown.sizes(), _lettered(lines), notes, caption, shown.unit)
    return _write(figure, folder, stem, 3, {"network": run}, store, images, notes, caption)


def _scores(run, store, library, task):
    scores = recorded_by_image(run, store, task)
    check_same_data(run, store, library)
    return scores


def _some(names, run):
    if not names:
        raise InputError(f"{run}: no validation image has ground truth to choose by; check the data set.")
    return names


def _pictures(run, store, library, names):
    return Pictures(FinishedRun.open(store.finished_folder(run)), library, names)


def _network(run):
    return f"{run.row}, {run.init}"


def _data_set(library):
    return _DATA_SETS[library.source.name]


def _setting(*runs):
    schedule = runs[0].schedule
    width, height = schedule.size
    inits = " and ".join(dict.fromkeys(run.init for run in runs))
    folders = " and ".join(run.folder for run in runs)
    return (
        f"Scale: {scale_of(runs[0].dataset)}, {schedule.epochs} epochs at {width}×{height}; initialization: "
        f"{inits}; {'runs' if len(runs) > 1 else 'run'}: {folders}."
    )


def _lettered(lines):
    return [f"({letter}) {line}" for letter, line in zip(string.ascii_lowercase, lines, strict=False)]


def _write(figure, folder, stem, number, runs, store, images, notes, caption):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / f"{stem}.json"
    pictures = [save(figure, folder / f"{stem}.{kind}") for kind in ("png", "pdf")]
    write_json(
        record,
        {
            "figure": number,
            "notes": list(notes),
            "caption": caption,
            "runs": {name: str(store.finished_folder(run)) for name, run in runs.items()},
            "images": images,
        },
    )
    return [*pictures, record]
