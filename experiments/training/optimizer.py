"""Adam as the paper has it (section 4.1)."""

import keras
import tensorflow as tf


class Adam(keras.optimizers.Adam):
    """Keras' Adam with β1 0.9 and β2 0.999, one op a variable; the same numbers up to rounding.

    Keras 3 composes the update of each of some 150 variables from about 15 ops. TensorFlow has one op for it,
    which shortens tracing and launches fewer kernels.

    Its graphs can be freed: Keras sums the gradients over replicas even if there is only one, and TensorFlow
    registers a gradient for that sum which holds the graph, and with it all variables of the run, for the
    lifetime of the process.

    Args:
        learning_rate: number > 0, or a schedule of Keras.
        epsilon: number that is added to the root of the second moment.
    """

    def __init__(self, learning_rate, epsilon=1e-7):
        super().__init__(learning_rate, beta_1=0.9, beta_2=0.999, epsilon=epsilon)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        if self._distribution_strategy.num_replicas_in_sync == 1:
            return grads_and_vars
        return super()._all_reduce_sum_gradients(grads_and_vars)

    def _distributed_tf_update_step(self, distribution, grads_and_vars, learning_rate):
        step = tf.cast(self.iterations + 1, tf.float32)
        shared = {
            "lr": tf.cast(learning_rate, tf.float32),
            "beta1": tf.constant(self.beta_1, tf.float32),
            "beta2": tf.constant(self.beta_2, tf.float32),
            "epsilon": tf.constant(self.epsilon, tf.float32),
            "beta1_power": tf.pow(tf.constant(self.beta_1, tf.float32), step),
            "beta2_power": tf.pow(tf.constant(self.beta_2, tf.float32), step),
        }

        def update(variable, gradient):
            index = self._get_variable_index(variable)
            moments = {
                "m": self._momentums[index].value.handle,
                "v": self._velocities[index].value.handle,
            }
            tf.raw_ops.ResourceApplyAdam(var=variable.handle, grad=gradient, **moments, **shared)

        for gradient, variable in grads_and_vars:
            distribution.extended.update(variable, update, args=(gradient,), group=False)
