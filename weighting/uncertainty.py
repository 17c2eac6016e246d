"""Uncertainty weighting: the weights are learned with the network."""

import tensorflow as tf

from selfsup_segmentation.weighting.base import TaskWeighting


class UncertaintyWeighting(TaskWeighting):
    """Homoscedastic uncertainty of Kendall, Gal and Cipolla (CVPR 2018), reference [27] of the paper.

    With ``s = log σ²`` learned for each task::

        kendall   Σ_k exp(-s_k) L_k + s_k / 2        classification
                  Σ_k exp(-s_k) L_k / 2 + s_k / 2    regression
        mtan      Σ_k exp(-s_k) L_k / 2 + s_k / 2    every task (code of Liu et al.)
        gal       Σ_k exp(-s_k) L_k + s_k            every task (code of Gal)

    At its optimum each form weighs task k by a constant over L_k, so that they differ in the way there only.
    The optimizer that trains the network trains s as well: pass `trainable_variables` to it.

    Args:
        tasks: names of the tasks.
        form: ``kendall``, ``mtan`` or ``gal``.
        initial: s before the first step.
        regression: names of the tasks whose loss is a squared error.
    """

    def __init__(self, tasks, form="kendall", initial=0.0, regression=("depth",), **kwargs):
        super().__init__(tasks, **kwargs)
        if form not in ("kendall", "mtan", "gal"):
            raise ValueError(f"the form is kendall, mtan or gal, not {form!r}")
        self.form, self.initial, self.regression = form, float(initial), tuple(regression)
        self.log_variance = self.add_weight(
            shape=(len(self.tasks),),
            initializer=lambda shape, dtype: tf.fill(shape, self.initial),
            name="log_variance",
        )

    def _halved(self, task):
        return self.form == "mtan" or (self.form == "kendall" and task in self.regression)

    def task_weights(self):
        """``exp(-s)``, halved where the form says so."""
        factors = tf.constant([0.5 if self._halved(task) else 1.0 for task in self.tasks])
        return factors * tf.exp(-tf.convert_to_tensor(self.log_variance))

    def penalty(self):
        """``Σ s / 2`` (``gal``: ``Σ s``); keeps the variances from growing without bound."""
        return tf.reduce_sum(self.log_variance) * (1.0 if self.form == "gal" else 0.5)

    def get_config(self):
        """Configuration, so that a model with this layer can be saved."""
        options = {"form": self.form, "initial": self.initial, "regression": list(self.regression)}
        return super().get_config() | options
