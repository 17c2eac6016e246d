"""One run over several hosts, as configured by TensorFlow's ``TF_CONFIG``.

All processes execute the same batches, and each computes its share. Only process 0 reads and writes
checkpoints and results of the runs folder; the others write to a temporary folder.
"""

import contextlib
import dataclasses
import functools
import json
import os
import tempfile
import zlib
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.store import Store

VARIABLE = "TF_CONFIG"


@dataclasses.dataclass(frozen=True)
class Place:
    """Place of this process, ``index``, among the ``processes`` that share a run; 0 writes the results."""

    processes: int
    index: int

    @property
    def follows(self):
        """Whether another process writes the results."""
        return self.index > 0


def place():
    """The `Place` that ``TF_CONFIG`` gives this process, or None; raises `InputError` if it is malformed."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        if set(config["cluster"]) != {"worker"} or task["type"] != "worker" or len(workers) < 2:
            raise ValueError("it is for two or more workers, and no other kind")
        if not 0 <= int(task["index"]) < len(workers):
            raise ValueError(f"there is no worker {task['index']}")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{VARIABLE} cannot be used ({error}): write "
            '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker", "index": 0}}, or '
            "unset it."
        ) from error
    return Place(len(workers), int(task["index"]))


@functools.cache
def strategy():
    """The only strategy of this process; waits for the others. Call it before any other use of TensorFlow."""
    import tensorflow as tf

    return tf.distribute.MultiWorkerMirroredStrategy()


@contextlib.contextmanager
def following(store):
    """A `Store` for a process that follows: it reads finished runs and writes to a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield Store(Path(folder), also=[store.root, *store.also])


def agree(run):
    """Raise `InputError` unless all processes are about to execute the same run."""
    import tensorflow as tf

    number = tf.constant(zlib.crc32(run.folder.encode()), tf.int64)
    if int(_of_the_first([number])[0]) != int(number):
        raise InputError(
            f"{run}: process 0 of {VARIABLE} executes another run; start all processes with the same "
            "command, on the same runs folder."
        )


def take_over_state(variables):
    """Copy the values of Keras and TensorFlow variables from process 0 to every process, to the bit."""
    import tensorflow as tf

    values = _of_the_first([tf.convert_to_tensor(variable) for variable in variables])
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _of_the_first(values):
    """Tensors of process 0: all others add zeros, as integers, so that no bit changes."""
    import tensorflow as tf

    integers = {tf.bool: tf.int32, tf.float32: tf.int32, tf.float64: tf.int64}
    wide = [_changed(value, integers.get(value.dtype, value.dtype)) for value in values]

    def add():
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(tf.convert_to_tensor(context.replica_id_in_sync_group), 0)
        given, sums = [tf.where(is_first, value, tf.zeros_like(value)) for value in wide], [None] * len(wide)
        for dtype in (tf.int32, tf.int64):  # one all-reduce for each type
            places = [k for k, value in enumerate(given) if value.dtype == dtype]
            added = context.all_reduce("SUM", [given[k] for k in places]) if places else []
            for k, value in zip(places, added, strict=True):
                sums[k] = value
        return sums

    sums = tf.function(lambda: strategy().run(add), autograph=False)()
    local = [strategy().experimental_local_results(value)[0] for value in sums]
    return [_changed(total, value.dtype) for total, value in zip(local, values, strict=True)]


def _changed(value, dtype):
    import tensorflow as tf

    if value.dtype == dtype:
        return value
    return tf.cast(value, dtype) if tf.bool in (value.dtype, dtype) else tf.bitcast(value, dtype)
