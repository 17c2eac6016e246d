"""The import of TensorFlow, without the lines that it prints."""

import contextlib
import functools
import os
import sys

from selfsup_segmentation.data import keras_settings


@functools.cache  # prints it once
def import_tensorflow():
    """Import TensorFlow and print which device it computes on.

    Its start-up messages are dropped unless ``TF_CPP_MIN_LOG_LEVEL`` asks for them. They come from C++
    before any log level is read, so the file descriptor is the only handle on them.
    """
    with _without_start_up_messages():
        keras_settings.adopt()
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)  # leaves the rest to other processes
        if not os.environ.get("TF_CONFIG"):  # hosts that share a run connect before that
            tf.config.list_logical_devices()  # a message for each absent device
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    why = "no GPU that TensorFlow can use; TF_CPP_MIN_LOG_LEVEL=0 says why"
    print(f"computing on {names[0] if names else f'the CPU ({why})'}")


@contextlib.contextmanager
def _without_start_up_messages():
    if "tensorflow" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)
