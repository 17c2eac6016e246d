"""A new weighting in one file: random loss weighting, Lin et al., "Reasonable Effectiveness of Random
Weighting" (TMLR 2022): in each step the weights are a softmax of standard normal numbers.

A weighting overrides `task_weights` and, if it needs them, `penalty`, a term that is added to the total, and
`end_epoch`, which receives the mean losses of each epoch. State that must be saved is held in Keras weights.
"""

import keras
import tensorflow as tf

from selfsup_segmentation.weighting import TaskWeighting


class RandomWeighting(TaskWeighting):
    """``weight_k = K · softmax_k(z)`` with z from N(0, 1), drawn anew in every step; the weights sum to K.

    Args:
        tasks: names of the tasks.
        seed: seed of the random weights.
    """

    def __init__(self, tasks, seed=0, **kwargs):
        super().__init__(tasks, **kwargs)
        self.seed = keras.random.SeedGenerator(seed)

    def task_weights(self):
        """Draw the weights of this step, ``[tasks]``."""
        return len(self.tasks) * tf.nn.softmax(keras.random.normal((len(self.tasks),), seed=self.seed))


if __name__ == "__main__":
    weighting = RandomWeighting(["seg", "depth"])
    for step in range(3):
        print(f"step {step}: total {float(weighting({'seg': 1.0, 'depth': 3.0})):.3f}")
