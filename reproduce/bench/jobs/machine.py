"""What TensorFlow says of the machine; nothing is timed."""

from experiments.records import provenance
from reproduce.cli.tensorflow_import import import_tensorflow


def prepare():
    """GPU, CPU, cores and memory."""
    import_tensorflow()
    return provenance.machine(), {}
