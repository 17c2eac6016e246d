"""What TensorFlow says of the machine; nothing is timed."""

from experiments import provenance
from reproduce.quiet import import_tensorflow


def prepare():
    """GPU, CPU, cores and memory."""
    import_tensorflow()
    return provenance.machine(), {}
