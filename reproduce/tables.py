"""From finished runs to what a table shows; no TensorFlow."""

from experiments.catalog import table_row


def collect(runs, store, unavailable=()):
    """Results and reasons of a table's cells.

    Args:
        runs: `experiments.run.Run` of all seeds.
        store: `experiments.store.Store`.
        unavailable: dict of run folder to the reason why it was not run.

    Returns:
        ``(measured, reasons)``: by (row, init), the headline numbers of each finished seed, and why a seed
        has none.
    """
    measured, reasons = {}, {}
    for run in runs:
        cell = (table_row(run), run.init)
        metrics = store.metrics(run)
        if metrics is not None:
            measured.setdefault(cell, []).append(
                {name: value for name, value in metrics["headline"].items() if value is not None}
            )
        else:
            reason = store.failure(run) or dict(unavailable).get(run.folder) or "not run"
            reasons[cell] = f"seed {run.seed}: {reason}" if len({r.seed for r in runs}) > 1 else reason
    return measured, reasons


def yardsticks(runs, store):
    """What a network that looks at nothing would score on the same images: sentences for the foot of a table."""
    sentences = []
    found = [metrics for metrics in map(store.metrics, runs) if metrics]
    for metrics in found:
        results = metrics["results"]["per_input"]
        seg, depth = results.get("seg"), results.get("depth")
        if seg and not any("class" in s for s in sentences):
            sentences.append(
                f"Always answering the most frequent class scores a mIoU of {seg['constant_class_miou']:.3f} here."
            )
        if depth and depth["constant_abs_rel"] is not None and not any("constant" in s for s in sentences):
            sentences.append(
                f"The best constant disparity, chosen in hindsight, scores AbsRel {depth['constant_abs_rel']:.3f} here."
            )
    return sentences
