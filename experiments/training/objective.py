"""The losses of a run's tasks, from a batch and the network's logits."""

from selfsup_segmentation.experiments.tasks import named


class Objective:
    """Unweighted losses by task, as the run's readings define them.

    Args:
        tasks: names of the run's tasks.
        readings: of the run.
        statistics: `data.color.ColorStatistics` of the training images.
    """

    def __init__(self, tasks, readings, statistics):
        self.tasks, self.readings, self.statistics = tasks, readings, statistics

    def __call__(self, batch, logits):
        """Losses.

        Args:
            batch: dict from `data.pipeline.Preparation`.
            logits: dict from the network, by task.

        Returns:
            Dict of float32 scalars by task.
        """
        return {
            task.name: task.loss(batch, logits[task.name], self.readings, self.statistics)
            for task in named(self.tasks)
        }
