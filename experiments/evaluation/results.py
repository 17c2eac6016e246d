"""Which of a run's many numbers a table shows; no TensorFlow."""

from selfsup_segmentation.experiments.metrics import DisparityErrors

_NAMES = {"seg": ("sem_miou",), "color": ("color_miou",), "depth": DisparityErrors.NAMES}


def headline(results, readings):
    """The numbers of the paper's tables, by the names that `reproduce.published` gives them.

    Args:
        results: dict by kind of BatchNorm statistics (``per_input``, ``shared``) of what an
            `experiments.evaluation.evaluator.Evaluator` returned.
        readings: they choose the statistics, the resolution of the mIoU, and unit, cap and mean of the
            disparity errors.

    Returns:
        Dict of floats, as far as the tasks go: ``sem_miou``, ``color_miou``,
        ``abs_rel``, ``sq_rel``, ``rmse``, ``rmse_log``; None for depth in metres without a calibration.
    """
    chosen = results[readings.encoder_bn_eval]
    numbers = {}
    if "seg" in chosen:
        numbers["sem_miou"] = chosen["seg"][readings.eval_resolution]["miou"]
    if "color" in chosen:
        numbers["color_miou"] = chosen["color"]["miou"]
    if "depth" in chosen:
        errors = chosen["depth"].get(readings.depth_metric, {})
        errors = errors.get("clipped", {}) if readings.cap_mode == "clip" else errors
        errors = errors.get("pooled", {}) if readings.metric_avg == "pooled" else errors
        numbers |= {name: errors.get(name) for name in DisparityErrors.NAMES}
    return numbers


def headline_names(tasks):
    """Names of the headline numbers of some tasks."""
    return [name for task in tasks for name in _NAMES[task]]
