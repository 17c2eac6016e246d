"""cityscapesscripts' evaluation of predictions, pair by pair, without its instance scores."""

import math
import time
from pathlib import Path

from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as official
from cityscapesscripts.helpers.labels import id2label


def prepare(frames, predictions):
    """Evaluate pairs of files again and again.

    Args:
        frames: dicts with ``name`` and the path ``labels``.
        predictions: folder with a PNG file of label ids for each frame, ``<name>_pred.png``.
    """
    official.args.evalInstLevelScore = False
    official.args.quiet = True
    pairs = [(str(Path(predictions) / f"{frame['name']}_pred.png"), frame["labels"]) for frame in frames]

    def evaluate():
        matrix = official.generateMatrix(official.args)
        start = time.perf_counter()
        for prediction, truth in pairs:
            official.evaluatePair(prediction, truth, matrix, {}, {}, official.args)
        return matrix, (time.perf_counter() - start) / len(pairs)

    matrix, _ = evaluate()
    scores = {
        label: official.getIouScoreForLabel(label, matrix, official.args)
        for label in official.args.evalLabels
    }
    names = {id2label[label].name: float(score) for label, score in scores.items()}
    facts = {
        "variant": "compiled (Cython)" if official.CSUPPORT else "NumPy; its Cython module is not installed",
        "per_class": {name: score for name, score in names.items() if not math.isnan(score)},
    }
    return facts, {"evaluate": lambda: {"seconds": evaluate()[1]}}
