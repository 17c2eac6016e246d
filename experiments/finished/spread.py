"""What several rounds of a measurement come to; no TensorFlow."""

import statistics


def spread(by_round):
    """Plain data of one measurement: all values, and the least, the median and the largest.

    Args:
        by_round: values, at least one.
    """
    return {
        "by_round": list(by_round),
        "min": min(by_round),
        "median": statistics.median(by_round),
        "max": max(by_round),
    }
