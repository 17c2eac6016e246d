"""A new weighting in one file: random loss weighting, Lin et al., "Reasonable Effectiveness of Random
Weighting" (TMLR 2022): in each step the weights are a softmax of standard normal numbers.

A weighting overrides `task_weights` and, if it needs them, `observe`, which is called in each training step
before the weights are computed, `penalty`, a term that is added to the total, and `end_epoch`, which receives
the mean losses of each epoch. `task_weights` is also called to show the weights, so that it changes nothing.
State is held in Keras weights, which are saved with it; ``only_first_replica`` keeps it equal on all devices.
"""

import keras

from selfsup_segmentation.weighting import TaskWeighting


@keras.saving.register_keras_serializable()
class RandomWeighting(TaskWeighting):
    """``weight_k = K · softmax_k(z)`` with z from N(0, 1), drawn anew in every step; the weights sum to K.

    Args:
        tasks: names of the tasks.
        seed: seed of the random weights.
    """

    def __init__(self, tasks, seed=0, **kwargs):
        super().__init__(tasks, **kwargs)
        self.generator = keras.random.SeedGenerator(seed)
        options = {"trainable": False, "aggregation": "only_first_replica"}
        self.drawn = self.add_weight((len(self.tasks),), "ones", name="drawn", **options)

    def observe(self, losses):
        """Draw the weights of this step."""
        numbers = keras.random.normal((len(self.tasks),), seed=self.generator)
        self.drawn.assign(len(self.tasks) * keras.ops.softmax(numbers))

    def task_weights(self):
        """Weights of the latest step, ``[tasks]``."""
        return keras.ops.convert_to_tensor(self.drawn)


if __name__ == "__main__":
    weighting = RandomWeighting(["seg", "depth"])
    for step in range(3):
        print(f"step {step}: total {float(weighting({'seg': 1.0, 'depth': 3.0})):.3f}")
