"""What TensorFlow says of the machine; nothing is timed."""

from selfsup_segmentation.experiments.records import provenance
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def prepare():
    """GPU, CPU, cores and memory."""
    import_tensorflow()
    return provenance.machine(), {}
