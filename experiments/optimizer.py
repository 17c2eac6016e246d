"""Adam as the paper has it (section 4.1)."""

import keras


class Adam(keras.optimizers.Adam):
    """Keras' Adam with β1 0.9 and β2 0.999, whose graphs can be freed.

    Keras sums the gradients over replicas even where there is one. TensorFlow registers a gradient for that
    sum which holds the graph, and with it all variables of the run, for as long as the process lives.

    Args:
        learning_rate: a number, or a schedule of Keras.
    """

    def __init__(self, learning_rate, **kwargs):
        super().__init__(learning_rate, beta_1=0.9, beta_2=0.999, **kwargs)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        if self._distribution_strategy.num_replicas_in_sync == 1:
            return grads_and_vars
        return super()._all_reduce_sum_gradients(grads_and_vars)
