"""Every number of a run's network, on the validation images."""

import tensorflow as tf

from data.labels import NUM_CLASSES
from data.pipeline import ordered_batches
from experiments.metrics import MeanIoU
from experiments.scores import ColorScore, DepthScore, SegmentationScore
from losses import disparity_from_logits
from models.multitask import STREAM
from models.normalization import statistics_of


def evaluate(model, run, data, layout, statistics=None):
    """Evaluate a network's tasks on the validation images.

    Args:
        model: from `models.build_multitask_unet`.
        run: `experiments.run.Run`.
        data: `experiments.datasets.RunData`.
        layout: ``cityscapes`` or ``kitti``: how files of disparity are coded.
        statistics: BatchNorm statistics of the encoder by input stream, or None for the network's own.

    Returns:
        Dict by task of what `experiments.scores` returns.
    """
    results = {}
    for stream in dict.fromkeys(STREAM[task] for task in run.tasks):
        tasks = tuple(task for task in run.tasks if STREAM[task] == stream)
        with statistics_of(model, statistics and statistics[stream]):
            predict = make_predictor(model, tasks, run.readings.disp_scale)
            scores = {task: _score(task, run, data, layout) for task in tasks}
            for index, batch in enumerate(ordered_batches(data.val, data.preparation)):
                maps = predict(batch, data.val.native_sizes[index])
                maps = {name: values.numpy() for name, values in maps.items()}
                for score in scores.values():
                    score.update(index, batch, maps)
        results |= {task: score.result() for task, score in scores.items()}
    return {task: results[task] for task in run.tasks}


def validation_miou(model, data):
    """mIoU of the segmentation at the network's resolution with the moving statistics, for the log."""

    @tf.function(reduce_retracing=True)
    def predict(batch):
        logits = model({name: batch[name] for name in model.input}, training=False)["seg"]
        return tf.argmax(logits, -1, tf.int32)

    metric = MeanIoU(NUM_CLASSES)
    for batch in ordered_batches(data.val, data.preparation):
        metric.update_state(batch["labels"].numpy(), predict(batch).numpy())
    return metric.result()


def make_predictor(model, tasks, disp_scale):
    """Compile the prediction of some tasks of a network for single images.

    Returns:
        Function of a prepared batch of one and its native (width, height) → dict of maps: ``seg_network``
        ``[1, H, W]`` and ``seg_native`` ``[1, native H, native W]`` trainIds, ``color`` ``[1, H, W]`` classes,
        ``depth`` ``[1, H, W, 1]`` disparity in px of the network's image.
    """

    @tf.function(reduce_retracing=True)
    def predict(batch, native_size):
        logits = model({name: batch[name] for name in model.input}, training=False)
        maps = {}
        if "seg" in tasks:
            width, height = _valid_size(batch["mask"])
            # Logits rather than classes are enlarged, and padding is cut off before.
            native = tf.image.resize(logits["seg"][:, :height, :width], native_size[::-1], "bilinear")
            maps["seg_native"] = tf.argmax(native, -1, tf.int32)
            maps["seg_network"] = tf.argmax(logits["seg"], -1, tf.int32)
        if "color" in tasks:
            maps["color"] = tf.argmax(logits["color"], -1, tf.int32)
        if "depth" in tasks:
            maps["depth"] = disparity_from_logits(logits["depth"], disp_scale)
        return maps

    return predict


def _score(task, run, data, layout):
    if task == "depth":
        return DepthScore(data.val, layout, run.readings.cap_mode)
    return {"seg": SegmentationScore, "color": ColorScore}[task](data.val)


def _valid_size(mask):
    rows, columns = mask[0, :, 0], mask[0, 0, :]
    return tf.cast(tf.reduce_sum(columns), tf.int32), tf.cast(tf.reduce_sum(rows), tf.int32)
