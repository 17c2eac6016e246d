"""Precision and devices of a training."""

import contextlib
import functools

import keras
import tensorflow as tf

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.training import multiworker
from selfsup_segmentation.experiments.training.optimizer import Adam


@contextlib.contextmanager
def precision(name):
    """Within this context layers are built to compute in a precision, with float32 weights.

    Args:
        name: ``float32``, ``mixed_bfloat16`` or ``mixed_float16``.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def make_optimizer(readings, rate):
    """Adam; for float16, whose smallest number is 6e-8, with a loss scale that follows the gradients."""
    adam = Adam(rate)
    return keras.optimizers.LossScaleOptimizer(adam) if readings.precision == "mixed_float16" else adam


def strategy_of(run):
    """The `tf.distribute` strategy of a run: one device, or several, also of several hosts.

    Raises:
        InputError: the machine has fewer devices, or a batch cannot be split evenly among them; or the hosts
            of ``TF_CONFIG`` have another number of devices, or execute another run.
    """
    replicas, batch_size = run.readings.replicas, run.schedule.batch_size
    if multiworker.place():
        return _of_several_hosts(run)
    if replicas == 1:
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) < replicas:
        raise InputError(
            f"replicas={replicas}: this machine has {len(devices)} {devices[0].device_type}; "
            "choose fewer --devices."
        )
    if batch_size % replicas:
        raise InputError(
            f"replicas={replicas}: a batch of {batch_size} cannot be shared out evenly among that many "
            "devices; choose fewer --devices, or another --batch-size."
        )
    return _mirrored(tuple(device.name for device in devices[:replicas]))


def _of_several_hosts(run):
    shared, devices = multiworker.strategy(), multiworker.strategy().num_replicas_in_sync
    if run.readings.replicas != devices or run.schedule.batch_size % devices:
        raise InputError(
            f"replicas={run.readings.replicas}, batches of {run.schedule.batch_size}: the processes of "
            f"TF_CONFIG have {devices} devices in all; give --devices {devices}, and a --batch-size that "
            "they can share."
        )
    multiworker.agree(run)
    return shared


@functools.cache  # a second one would number its collective operations from the start again, and mix them up
def _mirrored(devices):
    return tf.distribute.MirroredStrategy(list(devices))
