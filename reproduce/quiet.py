"""TensorFlow without the lines that it prints while it is imported."""

import os
import sys


def import_tensorflow():
    """Import TensorFlow; its start-up messages are dropped unless ``TF_CPP_MIN_LOG_LEVEL`` asks for them.

    They come from C++ before any log level is read, so the file descriptor is the only handle on them.
    """
    if "tensorflow" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        import tensorflow

        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        import tensorflow

        tensorflow.config.list_logical_devices()  # looks for GPUs, with a message for each that is not there
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
