"""Appendix of a table: each finished run at every resolution, in every unit and with both statistics."""

from selfsup_segmentation.experiments.tasks import TASKS
from selfsup_segmentation.reproduce.formats.writers import csv_text, write_texts

NOTES = (
    "per_input: BatchNorm statistics of the encoder estimated again for each input stream; shared: the "
    "moving statistics that training left, presumably what the paper evaluated.",
    "native and network: resolution of the mIoU. classes: how many entered the mean. interval: 95 % "
    "bootstrap interval of the native mIoU over the validation images.",
    "disp_half: px of the network's image, disp_full: px of the native image, depth_m: metres; ground "
    "truth beyond 50 left out, mean over images. pooled: mean over all pixels; clipped: ground truth beyond "
    "50 counts as 50.",
    "best_validation_miou: best of the validations in training, shared statistics, native resolution; "
    "optimistic, because it is chosen on the images that it is measured on.",
)


def write_appendix(runs, store, notes, folder, stem):
    """Write ``<stem>.csv`` with the variants of each finished run's numbers, notes first as comments.

    Returns:
        The path, or None when no run is finished.
    """
    rows = []
    for run in runs:
        if (metrics := store.metrics(run)) is None:
            continue
        row = {"run": run.folder}
        for kind, results in metrics.evaluations.items():
            for task in TASKS:
                variants = results.get(task.name, task.result()).variants()
                row |= {f"{kind}/{name}": value for name, value in variants.items()}
        rows.append(row | {"best_validation_miou": metrics.best_validation_miou})
    if not rows:
        return None
    return write_texts(folder, stem, {"csv": csv_text((*notes, *NOTES), rows)})[0]
