"""Lab and color classes in TensorFlow's graph, as the training pipeline computes them."""

import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.color import rgb_to_lab
from selfsup_segmentation.reproduce.bench.jobs.reference_frame import lab_and_classes
from selfsup_segmentation.reproduce.bench.jobs.runs import STATISTICS, draw_images
from selfsup_segmentation.reproduce.bench.measuring import timed
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def prepare(size, batch, times):
    """Convert a batch again and again.

    Args:
        size: (width, height) in px.
        batch: images.
        times: that a call converts it.
    """
    import_tensorflow()
    images, bins = tf.constant(draw_images(size, batch)["left"]), STATISTICS.bins
    latest = []

    @tf.function
    def convert(rgb):
        lab = rgb_to_lab(rgb)
        return lab, bins.encode(lab)

    def once():
        latest[:] = convert(images)

    once()
    lab, classes = (tensor.numpy()[0] for tensor in latest)
    reference, reference_classes = lab_and_classes(images.numpy()[0])
    facts = {
        "largest_difference_from_skimage": float(np.abs(lab - reference).max()),
        "share_of_equal_color_classes": float((classes == reference_classes).mean()),
    }
    if facts["largest_difference_from_skimage"] > 1e-3 or facts["share_of_equal_color_classes"] < 0.999:
        raise ValueError(f"not the numbers of scikit-image: {facts}")

    def convert_some():
        # One scalar of the result is read: that waits for a GPU.
        return {"seconds": timed(once, times, lambda: int(latest[1][0, 0, 0]))["seconds"] / batch}

    return facts, {"convert": convert_some}
