"""Which images a figure shows: both ends of a ranking of all, so that nobody picks; no TensorFlow."""

import math

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.kitti import KITTI
from selfsup_segmentation.experiments.catalog import layout_of
from selfsup_segmentation.experiments.readings import Readings


def recorded_by_image(run, store, task):
    """Scores of a finished run on each validation image.

    Args:
        run: `experiments.run.Run`.
        store: `experiments.records.store.Store`.
        task: ``seg`` (mIoU at native resolution) or ``depth`` (AbsRel in px of the network's image).

    Returns:
        Dict of float by the frame's name, NaN for an image without a score.

    Raises:
        InputError: the run is not finished, or was evaluated before such scores were recorded.
    """
    metrics = store.metrics(run)
    if metrics is None:
        table = "table3" if layout_of(run.dataset) is KITTI else "table1"
        raise InputError(f"{run} has no result ({store.failure(run) or 'not run'}): run reproduce {table}.")
    scores = metrics.of(task, Readings()).by_image
    if scores is None:
        raise InputError(
            f"{store.finished_folder(run)} was made before scores of single images were recorded: delete it "
            "and run it again."
        )
    return {name: math.nan if score is None else score for name, score in scores.items()}


def both_ends(scores, count=2):
    """The names with the highest and with the lowest scores; no name twice.

    Args:
        scores: float by name; NaN is left out.
        count: names at each end; with fewer than twice as many scores the highest come first.

    Returns:
        (highest, lowest): lists of names, the most extreme first, ties by name.
    """
    known = [name for name, score in scores.items() if not math.isnan(score)]
    highest = sorted(known, key=lambda name: (-scores[name], name))[: min(count, (len(known) + 1) // 2)]
    rest = [name for name in known if name not in highest]
    return highest, sorted(rest, key=lambda name: (scores[name], name))[:count]


def differences(best, baseline):
    """Score of the best minus that of the baseline by name; NaN where one of them has none."""
    return {name: best[name] - score for name, score in baseline.items()}


def gain_or_loss(name, gains, at_top):
    """A description of a difference, such as ``gain +0.066 (largest)``.

    Args:
        name: of the image.
        gains: `differences` of all images.
        at_top: whether it was chosen for its high difference rather than for its low one.
    """
    gain = gains[name]
    if gain == 0:
        return "no difference"
    same_sign = [abs(other) for other in gains.values() if other * gain > 0]
    end = "largest" if at_top == (gain > 0) else "smallest"
    return f"{'gain +' if gain > 0 else 'loss −'}{abs(gain):.3f} ({rank(abs(gain), same_sign, end)})"


def rank(score, scores, end):
    """Rank of a score among all (NaN is left out), such as ``2nd largest``.

    ``end``, where the count starts, is ``largest``, ``highest``, ``smallest`` or ``lowest``.
    """
    from_above = end in ("largest", "highest")
    before = sum(other > score if from_above else other < score for other in scores)
    return {0: "", 1: "2nd ", 2: "3rd "}.get(before, f"{before + 1}th ") + end


def tally(gains):
    """Counts of images with a gain or a loss: ``gain in 12, loss in 7, no difference in 1 of 20``."""
    counts = {
        "gain in": [gain > 0 for gain in gains.values()],
        "loss in": [gain < 0 for gain in gains.values()],
        "no difference in": [gain == 0 for gain in gains.values()],
        "no labels in": [math.isnan(gain) for gain in gains.values()],
    }
    parts = [f"{name} {sum(of)}" for name, of in counts.items() if any(of) or name in ("gain in", "loss in")]
    return f"{', '.join(parts)} of {len(gains)}"
