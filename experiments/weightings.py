"""Weightings by their name in a row: ``SS+D/UW`` is trained with ``UW``. A new weighting is one line here."""

# Name -> (class in `weighting`, function of an `experiments.run.Run` that returns its arguments).
WEIGHTINGS = {
    "GS": ("FixedWeights", lambda run: (run.weights,)),
    "UW": ("UncertaintyWeighting", lambda run: _uncertainty(run, run.readings)),
    "DWA": ("DynamicWeightAverage", lambda run: (run.tasks, run.readings.dwa_temperature)),
}
# Beyond the paper (docs/WEIGHTINGS.md). For one main task, which is segmentation:
FOR_ONE_TASK = ("CosineGate", "GradientBalance", "AuxiliaryReweighting", "PrimaryConstrained")
FROM_LOSSES = ("SoftOptimalUncertainty", "EqualAfterNormalization")
WEIGHTINGS |= {name: (name, lambda run: (run.tasks,)) for name in (*FOR_ONE_TASK, *FROM_LOSSES)}
SINGLE = {"none": ("FixedWeights", lambda run: (dict.fromkeys(run.tasks, 1.0),))}


def make_weighting(run):
    """The weighting of a run, an object of the package `weighting`; a single task has the weight 1."""
    from selfsup_segmentation import weighting  # here, because tables do without TensorFlow

    name, arguments = (WEIGHTINGS | SINGLE)[run.weighting]
    return getattr(weighting, name)(*arguments(run))


def _uncertainty(run, readings):
    from selfsup_segmentation.experiments.tasks import named  # imports numpy, which `--help` does without

    regression = [task.name for task in named(run.tasks) if task.is_regression]
    return run.tasks, readings.uw_form, readings.uw_init, regression
