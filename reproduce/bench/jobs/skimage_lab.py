"""Lab by scikit-image and color classes by NumPy."""

import numpy as np

from selfsup_segmentation.reproduce.bench.jobs.reference_frame import lab_and_classes
from selfsup_segmentation.reproduce.bench.measuring import timed


def prepare(size, batch, times):
    """Arguments as for `graph_lab`; the images are drawn in the same way."""
    width, height = size
    images = np.random.default_rng(0).integers(0, 256, (batch, height, width, 3), dtype=np.uint8)

    def convert():
        for image in images:
            lab_and_classes(image)

    return {}, {"convert": lambda: {"seconds": timed(convert, times)["seconds"] / batch}}
