"""What TensorFlow says of the machine; nothing is timed."""

from experiments.inference import describe_machine
from reproduce.quiet import import_tensorflow


def prepare():
    """GPU, CPU and cores."""
    import_tensorflow()
    return describe_machine(), {}
