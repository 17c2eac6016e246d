"""Uncertainty weighting and dynamic weight average on a plain Keras model with two losses, through ``fit``.

Only ``weighting`` comes from this project; data and network are placeholders for your own.
"""

import keras
import numpy as np

from selfsup_segmentation.weighting import DynamicWeightAverage, UncertaintyWeighting, WeightedModel

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.standard_normal((256, 8)).astype("float32")
targets = {"sign": (x[:, 0] > 0).astype("int32"), "sum": 30 * x.sum(1, keepdims=True)}

losses = {
    "sign": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sum": keras.losses.MeanSquaredError(),  # a thousand times larger than the other loss
}


def network():
    """Shared trunk with two heads; outputs a dict by task."""
    inputs = keras.layers.Input((8,))
    trunk = keras.layers.Dense(32, "relu")(inputs)
    return keras.Model(inputs, {"sign": keras.layers.Dense(2)(trunk), "sum": keras.layers.Dense(1)(trunk)})


for weighting in (
    UncertaintyWeighting(["sign", "sum"], regression=["sum"]),
    DynamicWeightAverage(["sign", "sum"], temperature=2.0),
):
    model = WeightedModel(network(), weighting, losses)
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(x, targets, batch_size=16, epochs=5, verbose=0).history
    print(type(weighting).__name__, {task: round(w, 4) for task, w in weighting.current_weights().items()})
    for task in losses:
        print(f"  {task}: {history[f'{task}_loss'][0]:.3f} -> {history[f'{task}_loss'][-1]:.3f}")
