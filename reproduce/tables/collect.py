"""From finished runs to what a table shows; no TensorFlow."""

from selfsup_segmentation.experiments.catalog import table_row
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.results import headline
from selfsup_segmentation.experiments.records.staleness import changes
from selfsup_segmentation.reproduce.tables.document import RESOLUTIONS


def collect(runs, store, readings, unavailable=(), name=table_row, fingerprint=None):
    """Results and reasons of a table's cells.

    Args:
        runs: `experiments.run.Run` of all seeds.
        store: `experiments.records.store.Store`.
        readings: they choose among the numbers that a run records, see `experiments.records.results`.
        unavailable: dict of run folder to the reason why it was not run.
        name: function of a run that returns the name of its row.
        fingerprint: of the data now, see `experiments.records.staleness.changes`.

    Returns:
        ``(measured, reasons)``: by (row, init), the headline numbers of each finished seed, and why a seed
        has none, or has one that would not be made so now.
    """
    measured, remarks = {}, {}
    seeds = {run.seed for run in runs}
    for run in runs:
        cell = (name(run), run.init)
        metrics = store.metrics(run)
        if metrics is not None:
            measured.setdefault(cell, []).append(
                {k: v for k, v in headline(metrics.evaluations, readings).items() if v is not None}
            )
            remark = _stale(run, store, fingerprint)
        else:
            remark = store.failure(run) or dict(unavailable).get(run.folder) or "not run"
        if remark:
            remarks.setdefault(cell, {}).setdefault(remark, []).append(run.seed)
    return measured, {
        cell: "; ".join(_of_seeds(remark, its, seeds) for remark, its in said.items())
        for cell, said in remarks.items()
    }


def _of_seeds(remark, its, seeds):
    its = list(dict.fromkeys(its))
    if len(its) == len(seeds):
        return remark
    return f"seed{'s' if len(its) > 1 else ''} {', '.join(map(str, its))}: {remark}"


def _stale(run, store, fingerprint):
    changed = changes(run, store, fingerprint)
    return f"made with what is no longer so: {'; '.join(changed)}" if changed else None


def stale_notes(runs, store, fingerprint=None):
    """A line that comes before all numbers where some run would not be made now as it was made.

    Args:
        runs, store, fingerprint: as for `collect`.
    """
    finished = [run for run in runs if store.metrics(run) is not None]
    stale = [run for run in finished if changes(run, store, fingerprint)]
    if not stale:
        return []
    return [
        f"{len(stale)} of {len(finished)} finished runs were made with other code, versions, switches or "
        "data than there are now: not comparable with runs that are made now."
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
    """How the numbers were taken, and what a network that looks at nothing would score on the same images."""
    sentences = [
        f"Sem. mIoU at {RESOLUTIONS[readings.eval_resolution]}, color mIoU at the network's, over the whole "
        f"set; last epoch; BatchNorm statistics {_STATISTICS[readings.encoder_bn_eval]}; disparity errors "
        f"{_UNITS[readings.depth_metric]}, {_CAPS[readings.cap_mode]}, {_MEANS[readings.metric_avg]}. The "
        "appendix has the other choices."
    ]
    finished = list(filter(None, map(store.metrics, runs)))
    segmented = list(filter(None, (metrics.of("seg", Readings()) for metrics in finished)))
    depths = filter(None, (metrics.of("depth", Readings()) for metrics in finished))
    constant_class = _first(seg.constant_class_miou for seg in segmented)
    constant_disparity = _first(depth.constant_abs_rel for depth in depths)
    intervals = [seg for seg in segmented if seg.interval]
    if intervals:
        half = max(seg.interval[1] - seg.interval[0] for seg in intervals) / 2
        classes = sorted({seg.native.classes for seg in intervals})
        sentences.append(
            f"Another draw of the validation images would move a Sem. mIoU by up to ±{half:.3f} (95 % "
            "bootstrap interval of the widest run; the appendix has each). "
            f"{' or '.join(map(str, classes))} of 19 classes enter the mean."
        )
    if constant_class is not None:
        sentences.append(f"Always answering the most frequent class scores mIoU {constant_class:.3f} here.")
    if constant_disparity is not None:
        sentences.append(
            f"The best constant disparity, chosen in hindsight, scores AbsRel {constant_disparity:.3f} here."
        )
    return sentences


def _first(values):
    return next((value for value in values if value is not None), None)
