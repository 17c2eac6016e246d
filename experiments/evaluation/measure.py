"""Results of a trained network, and its validation during training."""

import math

from selfsup_segmentation.data.pipeline import training_batches
from selfsup_segmentation.experiments.monitoring.tensorboard import Predictions
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.description import now
from selfsup_segmentation.experiments.records.history import read_history
from selfsup_segmentation.experiments.records.results import Results, headline, headline_names
from selfsup_segmentation.experiments.tasks import by_stream
from selfsup_segmentation.models.multitask import encoder_input
from selfsup_segmentation.models.normalization import save_statistics, statistics_estimator

STATISTICS_PASSES = 10  # more passes over a small training set teach the statistics nothing


def measure(evaluator, folder):
    """Evaluate with statistics estimated for each input stream, which are saved, and with the shared ones.

    Args:
        evaluator: `experiments.evaluation.evaluator.Evaluator` of the trained network.
        folder: run directory with ``history.csv``.

    Returns:
        `experiments.records.results.Results` without digest and duration.
    """
    statistics = estimate_by_stream(evaluator.run, evaluator.model, evaluator.data)
    save_statistics(folder / "statistics.npz", statistics)
    evaluations = {"per_input": evaluator(statistics), "shared": evaluator()}
    history = read_history(folder / "history.csv")
    validated = [row["val_sem_miou"] for row in history if row.get("val_sem_miou", math.nan) >= 0]
    return Results(
        evaluations,
        headline=headline(evaluations, Readings()),
        run=evaluator.run.to_dict(),
        best_validation_miou=max(validated, default=None),
        history=history,
        finished=now(),
    )


def estimate_by_stream(run, model, data):
    """BatchNorm statistics of the encoder for each input stream, from training batches (docs/FIDELITY.md)."""
    schedule, statistics = run.schedule, {}
    batches = training_batches(data.train, data.preparation, schedule.batch_size, run.seed, STATISTICS_PASSES)
    streams = list(by_stream(run.tasks))
    # A joint pass was trained with the statistics of both streams at once.
    groups = [streams] if run.readings.encoder_pass == "joint" else [[stream] for stream in streams]
    estimate = statistics_estimator(model.get_layer("encoder"))
    for group in groups:
        seen = (encoder_input(model, group, batch) for batch in batches.take(schedule.statistics_batches))
        statistics |= dict.fromkeys(group, estimate(seen))
    return statistics


def validation(evaluator, folder, tensorboard):
    """Function of the number of completed epochs that returns the validation's columns of ``history.csv``."""
    show, every = Predictions(evaluator, folder), evaluator.run.schedule.validate_every

    def validate(epochs_done):
        if every and epochs_done % every == 0:
            if tensorboard:
                show(epochs_done)
            numbers = headline({"shared": evaluator()}, Readings(encoder_bn_eval="shared"))
        else:  # history.csv has the same columns in every epoch
            numbers = dict.fromkeys(headline_names(evaluator.run.tasks), math.nan)
        return {f"val_{name}": math.nan if value is None else value for name, value in numbers.items()}

    return validate
