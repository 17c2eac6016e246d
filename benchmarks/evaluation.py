"""The evaluation against other libraries."""

import math
import os
from pathlib import Path

from benchmarks.comparison import Number
from benchmarks.rounds import Candidate, CandidateError, clock, measure
from benchmarks.run import SEED, make_run, scenes, statistics


def compare_evaluation(settings):
    """Evaluation of an image against Cityscapes' own, and the memory of many images.

    Our classes from logits at native size and their confusion (count), and all of our evaluation but the
    network (evaluate), against cityscapesscripts' evaluatePair on the same predictions; the IoUs are equal.
    Seconds are per image.
    """
    frames, many = scenes(settings).frames("val", ("labels",)), settings.amount(500, 6)
    candidates = {
        "ours": Candidate(ours, {"frames": frames, "many": many}),
        "official": Candidate(official, {"frames": frames}),
    }
    rounds = measure(candidates, settings)
    iou = {name: facts.pop("per_class") for name, facts in rounds.facts.items()}
    for name, value in iou["ours"].items():
        if not math.isnan(value) and abs(value - iou["official"][name]) > 1e-9:
            raise CandidateError(f"IoU of {name}: ours {value}, official {iou['official'][name]}")
    growth = [rounds.facts["ours"]["memory_growth_mib"]]
    return rounds, [
        Number("evaluatePair ÷ our count", rounds.ratios("official pair", "ours count"), at_least=5),
        Number("evaluatePair ÷ our evaluate", rounds.ratios("official pair", "ours evaluate")),
        Number(f"growth of memory over {many} images", growth, at_most=64, unit="MiB"),
    ]


def ours(settings, frames, many):
    """Evaluate frames, then ``many``, with a 1×1 convolution as the network; write its predictions."""
    run = make_run(settings, ("seg",))
    import keras
    import tensorflow as tf

    from selfsup_segmentation.data.cache import FrameCache
    from selfsup_segmentation.data.decode import read_labels
    from selfsup_segmentation.data.labels import ids_to_train_ids, train_ids_to_ids
    from selfsup_segmentation.data.layouts import CITYSCAPES
    from selfsup_segmentation.data.pipeline import Preparation
    from selfsup_segmentation.experiments.datasets.library import RunData
    from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator
    from selfsup_segmentation.experiments.finished.submission import write_label_ids
    from selfsup_segmentation.experiments.metrics import MeanIoU
    from selfsup_segmentation.experiments.tasks import named
    from selfsup_segmentation.experiments.tasks.classes import classes_of

    image = keras.layers.Input((None, None, 3), name="lab")
    encoder = keras.Model(image, keras.layers.Activation("linear")(image), name="encoder")
    head = keras.layers.Conv2D(19, 1, kernel_initializer="random_normal")
    model = keras.Model({"lab": image}, {"seg": head(encoder(image))})
    preparation = Preparation(named(run.tasks), statistics())

    def evaluator(frames):
        cache = FrameCache(frames, settings.size, ("left", "labels"), folder=settings.scratch / "cache")
        cache.build()
        return cache, Evaluator(model, run, RunData(cache, cache, preparation, statistics()), CITYSCAPES)

    def predictions():
        for frame, maps in zip(frames, evaluate.predictor.images(cache, preparation), strict=True):
            yield frame, train_ids_to_ids(maps["seg_native"][0].astype("uint8"))

    cache, evaluate = evaluator(frames)
    _, evaluate_many = evaluator(frames * (many // len(frames)))
    write_label_ids(predictions(), settings.scratch / "predictions")
    per_class, before = evaluate()["seg"].native.per_class, _resident_mib()
    evaluate_many()
    facts = {"per_class": per_class, "memory_growth_mib": _resident_mib() - before}
    width, height = map(int, cache.native_sizes[0])
    logits = tf.random.stateless_normal((1, height, width, 19), (0, SEED))
    labels, metric = ids_to_train_ids(read_labels(frames[0].labels)), MeanIoU(19)
    return facts, {
        "count": lambda: clock(lambda: metric.update_state(labels, classes_of(logits).numpy()[0]), 4),
        "evaluate": lambda: clock(evaluate) / len(frames),
    }


def official(settings, frames):
    """Time cityscapesscripts' evaluation of the same predictions, by pair, without instance scores."""
    from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as script
    from cityscapesscripts.helpers.labels import id2label

    script.args.evalInstLevelScore, script.args.quiet = False, True
    folder, matrix = settings.scratch / "predictions", script.generateMatrix(script.args)

    def evaluate():
        for frame in frames:
            prediction = str(folder / f"{frame.name}_pred.png")
            script.evaluatePair(prediction, str(frame.labels), matrix, {}, {}, script.args)

    evaluate()
    labels = {id2label[label].name: label for label in script.args.evalLabels}
    iou = {name: float(script.getIouScoreForLabel(i, matrix, script.args)) for name, i in labels.items()}
    facts = {"variant": "Cython" if script.CSUPPORT else "NumPy; its Cython module is not installed"}
    return facts | {"per_class": iou}, {"pair": lambda: clock(evaluate) / len(frames)}


def _resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
