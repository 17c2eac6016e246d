"""This project's evaluation of segmentation, with a 1×1 convolution in the network's place."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from selfsup_segmentation.data.cache import FrameCache
from selfsup_segmentation.data.decode import read_labels
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.labels import ids_to_train_ids, train_ids_to_ids
from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.data.pipeline import Preparation, ordered_batches
from selfsup_segmentation.experiments.datasets.library import RunData
from selfsup_segmentation.experiments.evaluation.evaluator import Evaluator, classes_of, make_predictor
from selfsup_segmentation.experiments.finished.submission import write_label_ids
from selfsup_segmentation.experiments.metrics import MeanIoU
from selfsup_segmentation.models.multitask import CHANNELS
from selfsup_segmentation.reproduce.bench.jobs.runs import SEED, STATISTICS, as_in_a_run, make_run
from selfsup_segmentation.reproduce.bench.measuring import peak_mib, resident_mib, timed
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def prepare(frames, size, cache, predictions, many):
    """Evaluate frames again and again.

    Args:
        frames: dicts with ``name`` and the paths ``left`` and ``labels``.
        size: (width, height) in px of the network's image.
        cache: folder of the decoded frames.
        predictions: folder where the predicted label ids go, a PNG file a frame.
        many: frames of the call ``memory``.
    """
    import_tensorflow()
    as_in_a_run()
    run, model = make_run(("seg",), size, 1), _stand_in()
    frames = [Frame(f["name"], Path(f["left"]), labels=Path(f["labels"])) for f in frames]
    data = _data(frames, size, cache)
    evaluate = Evaluator(model, run, data, CITYSCAPES)
    write_label_ids(_predict(model, run, data), predictions)
    results = evaluate()["seg"]
    facts = {"frames": len(frames)} | dataclasses.asdict(results.native)

    def memory():
        copies = _many(frames, many, Path(cache) / "many")
        tenth = copies[: max(1, many // 10)]  # after it the allocator has what one image needs
        few = Evaluator(model, run, _data(tenth, size, cache), CITYSCAPES)
        all_of_them = Evaluator(model, run, _data(copies, size, cache), CITYSCAPES)
        few()
        before = resident_mib()
        all_of_them()
        return {"before_mib": before, "after_mib": resident_mib(), "peak_mib": peak_mib(), "images": many}

    return facts, {
        "count": _counting(data),
        "evaluate": lambda: {"seconds": timed(evaluate)["seconds"] / len(frames)},
        "memory": memory,
    }


def _counting(data):
    """Classes from logits at native size, and their confusion with labels; nothing is read."""
    width, height = map(int, data.val.native_sizes[0])
    logits = tf.random.stateless_normal((1, height, width, CHANNELS["seg"]), (0, SEED))
    labels = ids_to_train_ids(read_labels(data.val.frames[0].labels))
    metric = MeanIoU(CHANNELS["seg"])
    return lambda: timed(lambda: metric.update_state(labels, classes_of(logits).numpy()[0]), 4)


def _stand_in():
    """Logits from the image by a 1×1 convolution: nearly nothing is spent on the network."""
    keras.utils.set_random_seed(SEED)
    image = keras.layers.Input((None, None, 3), name="lab")
    encoder = keras.Model(image, keras.layers.Activation("linear")(image), name="encoder")
    head = keras.layers.Conv2D(CHANNELS["seg"], 1, kernel_initializer="random_normal")
    return keras.Model({"lab": image}, {"seg": head(encoder(image))})


def _data(frames, size, folder):
    cache = FrameCache(frames, size, ("left", "labels"), "resize", Path(folder))
    cache.build()
    return RunData(cache, cache, Preparation(("seg",), STATISTICS), STATISTICS)


def _predict(model, run, data):
    predict = make_predictor(model, run.tasks, run.readings.disp_scale)
    for index, batch in enumerate(ordered_batches(data.val, data.preparation)):
        classes = predict(batch, data.val.native_sizes[index])["seg_native"].numpy()[0]
        yield data.val.frames[index], train_ids_to_ids(classes.astype(np.uint8))


def _many(frames, number, folder):
    """As many frames as that, each with files of its own name, which cost no space on the disk."""
    folder.mkdir(parents=True)
    copies = []
    for index in range(number):
        frame = frames[index % len(frames)]
        files = {part: folder / f"{index:06d}_{part}.png" for part in ("left", "labels")}
        for part, path in files.items():
            path.symlink_to(getattr(frame, part))
        copies.append(Frame(f"{frame.name}-{index:06d}", **files))
    return copies
