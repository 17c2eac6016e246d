"""The losses of a run's tasks, from a batch and the network's logits."""

from selfsup_segmentation import losses


class Objective:
    """Unweighted losses by task (Eq. 1, 3 and 4), each read as the run's readings say.

    Args:
        tasks: of the run.
        readings: of the run.
        class_weights: of the 36 color classes, ``[36]``.
    """

    def __init__(self, tasks, readings, class_weights):
        self.tasks, self.readings, self.class_weights = tasks, readings, class_weights

    def __call__(self, batch, logits):
        """Losses.

        Args:
            batch: dict from `data.pipeline.Preparation`.
            logits: dict from the network, by task.

        Returns:
            Dict of float32 scalars by task.
        """
        return {task: getattr(self, f"_{task}")(batch, logits[task]) for task in self.tasks}

    def _seg(self, batch, logits):
        return losses.segmentation_loss(batch["labels"], logits, self.readings.seg_loss_norm)

    def _color(self, batch, logits):
        return losses.colorization_loss(
            batch["color"], logits, self.class_weights, batch["mask"], self.readings.color_loss_norm
        )

    def _depth(self, batch, logits):
        disparity = losses.disparity_from_logits(logits, self.readings.disp_scale)
        if "direction" in batch:
            disparity *= batch["direction"][:, None, None, None]
        return losses.reconstruction_loss(
            batch["left"],
            batch["right"],
            disparity,
            mask=batch["mask"],
            border=self.readings.warp_border,
            mask_outside=self.readings.recon_mask_oob,
            reduce=self.readings.recon_reduce,
        )
