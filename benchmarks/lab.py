"""Lab and color classes against other libraries."""

import numpy as np

from benchmarks.comparison import Number
from benchmarks.reference_frame import lab_and_classes
from benchmarks.rounds import Candidate, clock, measure
from benchmarks.run import draw_images, start_tensorflow, statistics


def compare_lab(settings):
    """Lab conversion and color classes in TensorFlow's graph against scikit-image and NumPy.

    Uint8 images, equal to 1e-3; both on one core, and the graph on all. Seconds are per image.
    """
    candidates = {
        "one core": Candidate(graph, one_core=True),
        "all cores": Candidate(graph),
        "scikit-image": Candidate(scikit_image, one_core=True),
    }
    rounds, one = measure(candidates, settings), "one core convert"
    return rounds, [
        Number("graph ÷ scikit-image, one core each", rounds.ratios(one, "scikit-image convert")),
        Number("graph, one core ÷ all cores", rounds.ratios(one, "all cores convert")),
    ]


def graph(settings):
    """Time the conversion of a batch as in the training pipeline."""
    tf = start_tensorflow()
    from selfsup_segmentation.data.color import rgb_to_lab

    images, bins, latest = tf.constant(draw_images(settings)["left"]), statistics().bins, []

    @tf.function
    def convert(rgb):
        lab = rgb_to_lab(rgb)
        return lab, bins.encode(lab)

    def once():
        latest[:] = convert(images)

    once()
    (lab, classes), reference = (tensor.numpy()[0] for tensor in latest), lab_and_classes(images.numpy()[0])
    difference, equal = float(np.abs(lab - reference[0]).max()), float((classes == reference[1]).mean())
    if difference > 1e-3 or equal < 0.999:
        raise ValueError(f"Lab differs from scikit-image's by {difference}, equal color classes {equal:.4%}")
    facts = {"largest_difference_from_skimage": difference, "share_of_equal_color_classes": equal}
    times, wait = settings.amount(10, 2), lambda: int(latest[1][0, 0, 0])  # a scalar of the result
    return facts, {"convert": lambda: clock(once, times, wait) / settings.batch}


def scikit_image(settings):
    """Time the conversion of the same batch with scikit-image and NumPy."""
    images = draw_images(settings)["left"]
    return {}, {"convert": lambda: clock(lambda: [*map(lab_and_classes, images)]) / settings.batch}
