"""From finished runs to what a table shows; no TensorFlow."""

from experiments.catalog import table_row
from experiments.headline import headline


def collect(runs, store, readings, unavailable=(), name=table_row):
    """Results and reasons of a table's cells.

    Args:
        runs: `experiments.run.Run` of all seeds.
        store: `experiments.store.Store`.
        readings: they choose among the numbers that a run records, see `experiments.headline`.
        unavailable: dict of run folder to the reason why it was not run.
        name: function of a run that returns the name of its row.

    Returns:
        ``(measured, reasons)``: by (row, init), the headline numbers of each finished seed, and why a seed
        has none.
    """
    measured, reasons = {}, {}
    for run in runs:
        cell = (name(run), run.init)
        metrics = store.metrics(run)
        if metrics is not None:
            measured.setdefault(cell, []).append(
                {k: v for k, v in headline(metrics["results"], readings).items() if v is not None}
            )
        else:
            reason = store.failure(run) or dict(unavailable).get(run.folder) or "not run"
            reasons[cell] = f"seed {run.seed}: {reason}" if len({r.seed for r in runs}) > 1 else reason
    return measured, reasons


_UNITS = {
    "disp_half": "in px of the network's image",
    "disp_full": "in px of the native image",
    "depth_m": "of the depth in m",
}
_STATISTICS = {"per_input": "estimated for each input", "shared": "as training left them"}


def footnotes(runs, store, readings):
    """How the numbers were taken, and what a network that looks at nothing would score on the same images."""
    sentences = [
        "Sem. mIoU at native resolution, color mIoU at the network's, over the whole set; last epoch; "
        f"BatchNorm statistics {_STATISTICS[readings.encoder_bn_eval]}; disparity errors "
        f"{_UNITS[readings.depth_metric]}, mean over images. The appendix has the other choices."
    ]
    evaluated = [metrics["results"]["per_input"] for metrics in map(store.metrics, runs) if metrics]
    constant_class = _first(results.get("seg", {}).get("constant_class_miou") for results in evaluated)
    constant_disparity = _first(results.get("depth", {}).get("constant_abs_rel") for results in evaluated)
    segmented = [results["seg"] for results in evaluated if "interval" in results.get("seg", {})]
    intervals = [seg["interval"] for seg in segmented]
    if intervals:
        half = max(high - low for low, high in intervals) / 2
        classes = sorted({seg["native"]["classes"] for seg in segmented})
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
