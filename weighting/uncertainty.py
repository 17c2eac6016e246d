"""Uncertainty weighting: weights are learned together with the network."""

import keras
import tensorflow as tf

from selfsup_segmentation.weighting.base import TaskWeighting


@keras.saving.register_keras_serializable("weighting")
class UncertaintyWeighting(TaskWeighting):
    """Homoscedastic uncertainty of Kendall, Gal and Cipolla (CVPR 2018), reference [27] of the paper.

    With ``s = log σ²`` learned for each task::

        kendall   Σ_k exp(-s_k) L_k + s_k / 2        classification
                  Σ_k exp(-s_k) L_k / 2 + s_k / 2    regression
        mtan      Σ_k exp(-s_k) L_k / 2 + s_k / 2    every task (code of Liu et al.)
        gal       Σ_k exp(-s_k) L_k + s_k            every task (code of Gal)

    At the optimum of s, every form weighs task k by a constant divided by L_k, so the forms differ only in
    how they approach it. Train s with the optimizer of the network: give it `trainable_variables` as well.

    Args:
        tasks: names of the tasks.
        form: ``kendall``, ``mtan`` or ``gal``.
        initial: initial value of s.
        regression: names of the tasks whose loss is a squared error; used by ``kendall``.

    Raises:
        ValueError: the form is unknown.
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
        """``exp(-s)``, float32 ``[tasks]``, halved for the tasks that the form halves."""
        factors = tf.constant([0.5 if self._halved(task) else 1.0 for task in self.tasks])
        return factors * tf.exp(-tf.convert_to_tensor(self.log_variance))

    def penalty(self):
        """``Σ s / 2`` (``gal``: ``Σ s``), which prevents the variances from growing without bound."""
        return tf.reduce_sum(self.log_variance) * (1.0 if self.form == "gal" else 0.5)
