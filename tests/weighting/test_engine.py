"""Gradients by task of a small network, and updates with them."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from selfsup_segmentation.weighting import FixedWeights, GradientWeighting, per_task_gradients
from tests.weighting.test_rules import RULES, TASKS

X = np.random.default_rng(0).standard_normal((12, 5)).astype("float32")
TARGETS = {"seg": X[:, :1] > 0, "color": X[:, 1:2] * X[:, 2:3], "depth": 40 * X.sum(1, keepdims=True)}


class Network:
    """A trunk with a head for each task."""

    def __init__(self):
        keras.utils.set_random_seed(2)
        inputs = keras.layers.Input((5,))
        features = keras.layers.Dense(7, "tanh", name="hidden")(inputs)
        trunk = keras.Model(inputs, features, name="trunk")
        heads = {task: keras.layers.Dense(1, name=task)(trunk(inputs)) for task in TASKS}
        self.model = keras.Model(inputs, heads)
        self.shared = trunk.trainable_variables
        self.own = [v for v in self.model.trainable_variables if all(v is not other for other in self.shared)]

    def losses(self, x=X, targets=None):
        outputs = self.model(x, training=True)
        targets = targets or TARGETS
        return {
            task: tf.reduce_mean((outputs[task] - tf.cast(targets[task], tf.float32)) ** 2) for task in TASKS
        }

    def gradient(self, weights):
        """Gradient of the weighted sum, of all variables."""
        variables = [variable.value for variable in (*self.shared, *self.own)]
        with tf.GradientTape() as tape:
            total = FixedWeights(weights)(self.losses())
        return tape.gradient(total, variables)


@pytest.fixture
def network():
    return Network()


def test_gradients_by_task_add_up_to_the_gradient_of_the_sum(network):
    found = per_task_gradients(network.losses, network.shared, network.own)
    for weights in (dict.fromkeys(TASKS, 1.0), {"seg": 1.0, "color": 0.0, "depth": 0.01}):
        together, expected = found.combined(weights), network.gradient(weights)
        for index, (mine, theirs) in enumerate(zip(together, expected, strict=True)):
            if index < len(network.shared):
                np.testing.assert_allclose(mine, theirs, atol=1e-6 * np.abs(theirs).max())
    for mine, theirs in zip(found.own, network.gradient(dict.fromkeys(TASKS, 1.0))[2:], strict=True):
        np.testing.assert_array_equal(mine, theirs)  # of its own loss, whatever the weights


def test_matrix_holds_the_inner_products_of_the_gradients(network):
    found = per_task_gradients(network.losses, network.shared, network.own)
    rows = []
    for task in TASKS:
        weights = dict.fromkeys(TASKS, 0.0) | {task: 1.0}
        rows.append(np.concatenate([np.ravel(g) for g in network.gradient(weights)[:2]]))
    expected = np.array(rows) @ np.array(rows).T
    np.testing.assert_allclose(found.gram, expected, rtol=1e-5, atol=1e-6 * expected.max())
    assert list(found.losses) == list(TASKS)


def test_scale_of_the_loss_is_in_the_gradients_but_not_in_the_matrix(network):
    plain = per_task_gradients(network.losses, network.shared, network.own)
    scaled = per_task_gradients(network.losses, network.shared, network.own, scale=2.0**12)
    np.testing.assert_allclose(scaled.gram, plain.gram, rtol=1e-6)
    for one, other in zip(scaled.own, plain.own, strict=True):
        np.testing.assert_allclose(one, 2.0**12 * other, rtol=1e-6)


def test_a_variable_is_shared_or_of_one_task(network):
    shared, own = network.shared, network.own
    with pytest.raises(ValueError, match="at once: color/kernel"):
        per_task_gradients(network.losses, [*shared, own[0]], own)
    with pytest.raises(ValueError, match=r"hidden/bias is neither shared .* seg and color and depth"):
        per_task_gradients(network.losses, shared[:1], [*own, shared[1]])
    unused = keras.Variable(np.zeros(3), name="unused")
    with pytest.raises(ValueError, match="no loss depends on unused"):
        per_task_gradients(network.losses, shared, [*own, unused])
    with pytest.raises(ValueError, match="is for the tasks"):
        RULES["sign"](TASKS[:2]).step(network.losses, shared, own)


class Even(GradientWeighting):
    """Plain sum."""

    def rule(self, gram, losses):
        return tf.ones(len(self.tasks))


def trained(make, steps=3, optimizer=None, strategy=None):
    """Weights after some steps on one batch, and the rule."""
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        network, rule = Network(), make(TASKS)
        optimizer = optimizer or keras.optimizers.SGD(1e-4)
        variables = [*network.shared, *network.own]
        optimizer.build(variables)
    replicas = strategy.num_replicas_in_sync

    def replica_step(x, targets):
        scale = optimizer.scale_loss(1 / replicas)
        gradients, _ = rule.step(lambda: network.losses(x, targets), network.shared, network.own, scale)
        optimizer.apply(gradients)

    @tf.function(autograph=False)
    def step(*batch):
        strategy.run(replica_step, args=batch)

    batches = tf.data.Dataset.from_tensor_slices((X, TARGETS)).batch(len(X)).repeat(steps)
    for batch in strategy.experimental_distribute_dataset(batches) if replicas > 1 else batches:
        step(*batch)
    return [keras.ops.convert_to_numpy(variable) for variable in variables], rule


def on_devices(strategy=None):
    """Weights and logs of every rule, plain values."""
    found = {}
    for name, make in RULES.items():
        weights, rule = trained(make, strategy=strategy)
        found[name] = [[weight.tolist() for weight in weights], rule.epoch_log()]
    return found


def test_any_two_rules_train_the_shared_weights_differently_and_the_others_alike():
    makers = RULES | {"even": Even}
    weights = {name: trained(make, steps=1)[0] for name, make in makers.items()}
    for one, other in itertools.combinations(weights, 2):
        assert not np.array_equal(weights[one][0], weights[other][0]), f"{one} is {other}"
        for mine, theirs in zip(weights[one][2:], weights[other][2:], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_a_step_whose_scaled_gradients_overflow_is_skipped_with_its_state():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-3), initial_scale=2.0**127)
    before = Network()
    after, rule = trained(RULES["constrained"], 1, optimizer)
    for variable, value in zip((*before.shared, *before.own), after, strict=True):
        np.testing.assert_array_equal(variable, value)
    assert set(rule.epoch_log().values()) == {0.0}
    assert float(optimizer.dynamic_scale) < 2.0**127
