import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.experiments.training.optimizer import Adam


def train_a_little(optimizer, steps=5):
    """Final weights of a small model, and a weak reference to one of its variables."""
    keras.utils.set_random_seed(3)
    inputs = keras.layers.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dense(3, activation="relu")(inputs)))
    optimizer.build(model.trainable_variables)
    images = tf.random.stateless_normal([8, 4], [1, 2])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(images, training=True) - 1.0))
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]))

    for _ in range(steps):
        step()
    return model.get_weights(), weakref.ref(model.layers[1].kernel)


def test_steps_are_those_of_keras():
    ours, _ = train_a_little(Adam(0.01))
    theirs, _ = train_a_little(keras.optimizers.Adam(0.01, beta_1=0.9, beta_2=0.999))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)


def test_options_that_its_update_leaves_out_are_refused():
    with pytest.raises(TypeError, match="amsgrad"):
        Adam(0.01, amsgrad=True)


def living_graphs():
    gc.collect()
    return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())


def test_nothing_of_a_run_outlives_it():
    before = living_graphs()
    _, kernel = train_a_little(Adam(0.01))
    assert living_graphs() <= before
    assert kernel() is None
