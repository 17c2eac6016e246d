"""Results of finished runs as the cells, notes and footnotes of a table; no TensorFlow."""

from selfsup_segmentation.experiments.catalog import table_row
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.results import headline
from selfsup_segmentation.experiments.records.staleness import changes, different_circumstances
from selfsup_segmentation.reproduce.tables.document import RESOLUTIONS


def collect(runs, store, readings, unavailable=(), name=table_row, fingerprint=None):
    """Results and reasons of a table's cells.

    Args:
        runs: `experiments.run.Run` of all seeds.
        store: `experiments.records.store.Store`.
        readings: Readings that choose among a run's numbers, see `experiments.records.results`.
        unavailable: {run folder: reason why it was not run}.
        name: Function of a run that returns the name of its row.
        fingerprint: Function of a run, see `experiments.records.staleness.changes`.

    Returns:
        ``(measured, reasons)``: by (row, init), the headline numbers by finished seed, and why a seed
        has none or is stale.
    """
    measured, remarks = {}, {}
    seeds = {run.seed for run in runs}
    for run in runs:
        cell = (name(run), run.init)
        metrics = store.metrics(run)
        if metrics is not None:
            numbers = headline(metrics.evaluations, readings)
            measured.setdefault(cell, {})[run.seed] = {k: v for k, v in numbers.items() if v is not None}
            changed = changes(run, store, fingerprint)
            remark = f"stale: {'; '.join(changed)}" if changed else None
        else:
            remark = store.failure(run) or dict(unavailable).get(run.folder) or "not run"
        if remark:
            remarks.setdefault(cell, {}).setdefault(remark, []).append(run.seed)
    return measured, {
        cell: "; ".join(_with_seeds(remark, some, seeds) for remark, some in by_remark.items())
        for cell, by_remark in remarks.items()
    }


def _with_seeds(remark, some, seeds):
    some = list(dict.fromkeys(some))
    if len(some) == len(seeds):
        return remark
    return f"seed{'s' if len(some) > 1 else ''} {', '.join(map(str, some))}: {remark}"


def stale_notes(runs, store, fingerprint=None):
    """A note for the top of a table when some of its runs are stale; arguments as for `collect`."""
    finished = [run for run in runs if store.metrics(run) is not None]
    stale = [run for run in finished if changes(run, store, fingerprint)]
    if not stale:
        return []
    return [
        f"{len(stale)} of {len(finished)} finished runs were made with other code, versions, switches or "
        "data than there are now: not comparable with runs that are made now."
    ]


def machine_notes(runs, store):
    """A note for the top of a table whose finished runs were trained under circumstances that decide bits."""
    finished = [run for run in runs if store.metrics(run) is not None]
    sessions = [s for run in finished for s in (store.description(run) or {}).get("sessions", ())]
    different = [f"{key} {' or '.join(found)}" for key, found in different_circumstances(sessions).items()]
    if not different:
        return []
    return [
        f"Its runs were not trained under the same circumstances: {'; '.join(different)}. Between rows there "
        "is rounding too, which training enlarges as another seed would."
    ]


_UNITS = {
    "disp_half": "in px of the network's image",
    "disp_full": "in px of the native image",
    "depth_m": "of the depth in m",
}
_CAPS = {"mask": "ground truth beyond 50 left out", "clip": "ground truth beyond 50 clipped"}
_MEANS = {"per_image": "mean over images", "pooled": "mean over all pixels"}
_STATISTICS = {"per_input": "estimated for each input", "shared": "as training left them"}


def footnotes(runs, store, readings):
    """How the numbers were evaluated, and the scores of constant predictions on the same images."""
    sentences = [
        f"Sem. mIoU at {RESOLUTIONS[readings.eval_resolution]}, color mIoU at the network's, over the whole "
        f"set; last epoch; BatchNorm statistics {_STATISTICS[readings.encoder_bn_eval]}; disparity errors "
        f"{_UNITS[readings.depth_metric]}, {_CAPS[readings.cap_mode]}, {_MEANS[readings.metric_avg]}. The "
        "appendix has the other choices."
    ]
    finished = list(filter(None, map(store.metrics, runs)))
    segmented = list(filter(None, (metrics.of("seg", Readings()) for metrics in finished)))
    depths = filter(None, (metrics.of("depth", Readings()) for metrics in finished))
    miou = next((seg.constant_class_miou for seg in segmented if seg.constant_class_miou is not None), None)
    abs_rel = next((d.constant_abs_rel for d in depths if d.constant_abs_rel is not None), None)
    intervals = [seg for seg in segmented if seg.interval]
    if intervals:
        half = max(seg.interval[1] - seg.interval[0] for seg in intervals) / 2
        classes = sorted({seg.native.classes for seg in intervals})
        sentences.append(
            f"Another draw of the validation images would move a Sem. mIoU by up to ±{half:.3f} (95 % "
            "bootstrap interval of the widest run; the appendix has each). "
            f"{' or '.join(map(str, classes))} of 19 classes enter the mean."
        )
    if miou is not None:
        sentences.append(f"Always answering the most frequent class scores mIoU {miou:.3f} here.")
    if abs_rel is not None:
        sentences.append(
            f"The best constant disparity, chosen in hindsight, scores AbsRel {abs_rel:.3f} here."
        )
    return sentences
