"""Every number of a run's network, on the validation images."""

import collections
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf

from selfsup_segmentation.data.pipeline import ordered_batches
from selfsup_segmentation.experiments.evaluation.scores import ColorScore, DepthScore, SegmentationScore
from selfsup_segmentation.experiments.preemption import stop_if_requested
from selfsup_segmentation.losses import disparity_from_logits
from selfsup_segmentation.models.multitask import by_stream, only
from selfsup_segmentation.models.normalization import statistics_of

READERS = 4  # threads, and images of ground truth in memory


class Evaluator:
    """Scores a network's tasks on the validation images; its graphs are traced once and serve every call.

    Args:
        model: from `models.build_multitask_unet`.
        run: `experiments.run.Run`.
        data: `experiments.datasets.library.RunData`.
        layout: `data.layout.Layout` of the data set.
    """

    def __init__(self, model, run, data, layout):
        self.model, self.run, self.data, self.layout = model, run, data, layout
        self._tasks, self._predict = by_stream(run.tasks), make_predictors(model, run)

    def __call__(self, statistics=None):
        """Evaluate.

        Args:
            statistics: BatchNorm statistics of the encoder by input stream, or None for the network's own.

        Returns:
            Dict by task of what `experiments.evaluation.scores` returns.
        """
        results = {}
        for stream in self._tasks:
            with statistics_of(self.model.get_layer("encoder"), statistics and statistics[stream]):
                results |= self._evaluate(stream)
        return {task: results[task] for task in self.run.tasks}

    def maps(self, indices):
        """Iterator of what `make_predictor` predicts of some images, with the network's own statistics."""
        batches = ordered_batches(self.data.val, self.data.preparation, indices=indices)
        for index, batch in zip(indices, batches, strict=True):
            maps = {}
            for predict in self._predict.values():
                maps |= predict(batch, self.data.val.native_sizes[index])
            yield {name: values.numpy() for name, values in maps.items()}

    def _evaluate(self, stream):
        scores = {task: self._score(task) for task in self._tasks[stream]}
        batches = ordered_batches(self.data.val, self.data.preparation)
        truths = read_ahead(lambda i: [score.read(i) for score in scores.values()], len(self.data.val))
        for index, (batch, truth) in enumerate(zip(batches, truths, strict=True)):
            stop_if_requested()
            maps = self._predict[stream](batch, self.data.val.native_sizes[index])
            maps = {name: values.numpy() for name, values in maps.items()}
            for score, its_truth in zip(scores.values(), truth, strict=True):
                score.update(index, its_truth, batch, maps)
        return {task: score.result() for task, score in scores.items()}

    def _score(self, task):
        if task == "depth":
            return DepthScore(self.data.val, self.layout)
        return {"seg": SegmentationScore, "color": ColorScore}[task](self.data.val)


def read_ahead(read, count):
    """``read(0)``, …, ``read(count - 1)``, made by other threads while one works on those before.

    Args:
        read: function of an index; PNG files are decoded outside Python's global lock.
        count: how many.

    Yields:
        What it returns, in order; few are in memory at a time.
    """
    with ThreadPoolExecutor(READERS) as pool:
        waiting = collections.deque()
        for index in range(count):
            waiting.append(pool.submit(read, index))
            if len(waiting) == READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def make_predictors(model, run):
    """`make_predictor` for the tasks of each input stream of a run, by its name."""
    scale = run.readings.disp_scale
    return {stream: make_predictor(model, tasks, scale) for stream, tasks in by_stream(run.tasks).items()}


def make_predictor(model, tasks, disp_scale):
    """Compile the prediction of some tasks of a network for single images.

    Returns:
        Function of a prepared batch of one and its native (width, height) → dict of maps: trainIds
        ``seg_network`` ``[1, H, W]`` and ``seg_native`` ``[1, native H, native W]``, color classes ``color``
        ``[1, H, W]``, and ``depth`` ``[1, H, W, 1]``, disparity in px of the network's image.
    """
    part = only(model, tasks)

    @tf.function(reduce_retracing=True, autograph=False)
    def predict(batch, native_size):
        logits = part(batch, training=False)
        maps = {}
        if "seg" in tasks:
            width, height = _valid_size(batch["mask"])
            # Logits rather than classes are enlarged, and padding is cut off before.
            native = tf.image.resize(logits["seg"][:, :height, :width], native_size[::-1], "bilinear")
            maps["seg_native"] = classes_of(native)
            maps["seg_network"] = classes_of(logits["seg"])
        if "color" in tasks:
            maps["color"] = classes_of(logits["color"])
        if "depth" in tasks:
            maps["depth"] = disparity_from_logits(logits["depth"], disp_scale)
        return maps

    return predict


@tf.function(jit_compile=True, autograph=False)
def classes_of(logits):
    """Most likely class of each pixel, int32; XLA is far faster at so short a last axis."""
    return tf.argmax(logits, -1, tf.int32)


def _valid_size(mask):
    rows, columns = mask[0, :, 0], mask[0, 0, :]
    return tf.cast(tf.reduce_sum(columns), tf.int32), tf.cast(tf.reduce_sum(rows), tf.int32)
