"""One task that counts and one that only helps, in a training loop of one's own.

Only ``weighting`` comes from this project; data and network are placeholders for your own. The loss of the
auxiliary task is a thousand times larger than that of the main task.
"""

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.weighting import GradientBalance

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).standard_normal((256, 8)).astype("float32")
labels, sums = (x[:, 0] > 0).astype("int32"), 30 * x.sum(1, keepdims=True)

inputs = keras.layers.Input((8,))
trunk = keras.Model(inputs, keras.layers.Dense(32, "relu")(inputs))
sign, total = keras.layers.Dense(2), keras.layers.Dense(1)
model = keras.Model(inputs, {"sign": sign(trunk(inputs)), "sum": total(trunk(inputs))})

shared = trunk.trainable_variables
own = sign.trainable_variables + total.trainable_variables
weighting = GradientBalance(["sign", "sum"], primary="sign", relax=1.0)
classification = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(1e-2)
optimizer.build([*shared, *own])


@tf.function
def train_step(images, classes, targets):
    """Update all weights once."""

    def losses():
        outputs = model(images, training=True)
        cross_entropy = keras.losses.sparse_categorical_crossentropy(
            classes, outputs["sign"], from_logits=True
        )
        return {
            "sign": tf.reduce_mean(cross_entropy),
            "sum": tf.reduce_mean((outputs["sum"] - targets) ** 2),
        }

    gradients, values = weighting.step(losses, shared, own, optimizer.scale_loss(1.0))
    optimizer.apply(gradients)
    return values


for epoch in range(6):
    for start in range(0, len(x), 16):
        rows = slice(start, start + 16)
        values = train_step(x[rows], labels[rows], sums[rows])
    log = weighting.epoch_log()
    print(f"epoch {epoch + 1}:", {name: round(value, 3) for name, value in log.items()})
    weighting.end_epoch({task: float(value) for task, value in values.items()})
