"""One task that counts and one that only helps, in the `fit` of Keras."""

import keras
import numpy as np

from selfsup_segmentation.weighting import GradientBalance, WeightedModel

x = np.random.default_rng(0).standard_normal((64, 8)).astype("float32")
targets = {"sign": (x[:, 0] > 0).astype("int32"), "sum": x.sum(1, keepdims=True)}

inputs = keras.layers.Input((8,))
encoder = keras.Model(inputs, keras.layers.Dense(32, "relu")(inputs), name="encoder")
heads = {"sign": keras.layers.Dense(2)(encoder(inputs)), "sum": keras.layers.Dense(1)(encoder(inputs))}
losses = {"sign": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "sum": "mse"}

weighting = GradientBalance(["sign", "sum"], primary="sign")
model = WeightedModel(keras.Model(inputs, heads), weighting, losses, shared="encoder")
model.compile("adam")
history = model.fit(x, targets, epochs=2, verbose=0).history
print(history["cosine_sum"], history["weight_sum"])
