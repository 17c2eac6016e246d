"""Scores of a network on the validation images."""

import collections
import functools
from concurrent.futures import ThreadPoolExecutor

from selfsup_segmentation.data.pipeline import ordered_batches
from selfsup_segmentation.experiments.evaluation.predictor import Predictor
from selfsup_segmentation.experiments.preemption import stop_if_requested
from selfsup_segmentation.experiments.tasks import named

READERS = 4  # threads, and images of ground truth in memory


class Evaluator:
    """Scores a network's tasks on the validation images; graphs and input are made once and serve every call.

    Args:
        model: from `models.build_multitask_unet`.
        run: `experiments.run.Run`.
        data: `experiments.datasets.library.RunData`.
        layout: `data.layout.Layout` of the data set.
    """

    def __init__(self, model, run, data, layout):
        self.model, self.run, self.data, self.layout = model, run, data, layout
        self.predictor = Predictor(model, run.tasks, run.readings)

    @functools.cached_property
    def batches(self):
        """The validation images, one in a batch, for every call."""
        return ordered_batches(self.data.val, self.data.preparation)

    def __call__(self, statistics=None):
        """Evaluate.

        Args:
            statistics: BatchNorm statistics of the encoder by input stream, or None for the network's own.

        Returns:
            Dict by task of what its score returns, see `experiments.tasks.task.Task.score`.
        """
        results = {}
        for stream, tasks in self.predictor.tasks.items():
            with self.predictor.stream(stream, statistics) as predict:
                results |= self._evaluate(tasks, predict)
        return {task: results[task] for task in self.run.tasks}

    def _evaluate(self, tasks, predict):
        scores = {task.name: task.score(self.data.val, self.layout) for task in named(tasks)}
        truths = read_ahead(lambda i: [score.read(i) for score in scores.values()], len(self.data.val))
        for index, (batch, truth) in enumerate(zip(self.batches, truths, strict=True)):
            stop_if_requested()
            maps = predict(batch, self.data.val.native_sizes[index])
            for score, target in zip(scores.values(), truth, strict=True):
                score.update(index, target, batch, maps)
        return {task: score.result() for task, score in scores.items()}


def read_ahead(read, count):
    """Yield ``read(0)``, …, ``read(count - 1)`` in order, computed ahead by other threads, few at a time."""
    with ThreadPoolExecutor(READERS) as pool:
        waiting = collections.deque()
        for index in range(count):
            waiting.append(pool.submit(read, index))
            if len(waiting) == READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
