"""Divergence: step, task and images of the first loss that is not finite, and the state before it."""

import numpy as np

from selfsup_segmentation.data.pipeline import frames_of_step


class DivergedError(RuntimeError):
    """A loss, or an update of the weights, is not finite.

    Attributes:
        details: dict of plain values: ``epoch`` and ``step`` from 1, ``what`` was not finite, ``frames``.
    """

    def __init__(self, epoch, step, what, frames):
        self.details = {"epoch": epoch, "step": step, "what": what, "frames": frames}
        super().__init__(
            f"diverged at epoch {epoch}, step {step}: {', '.join(what)} not finite on {', '.join(frames)}"
        )


def trace(training, step, losses):
    """Restore and save the state before a run diverged.

    A run is a pure function of its state, so that training from the last checkpoint diverges in the same way.
    The cause of losses that are not finite may be an update of the step before.

    Args:
        training: `experiments.training.loop.Training`, in any state.
        step: first step with a loss that is not finite, counted from 0.
        losses: names of these losses.

    Returns:
        `DivergedError`, to be raised.
    """
    training.replay(step)
    what = losses
    if step > 0 and not all(np.isfinite(weight).all() for weight in training.model.get_weights()):
        step, what = step - 1, ["update of the weights"]
        training.replay(step)
    training.checkpoints.save(step)
    run, cache = training.run, training.cache
    frames = frames_of_step(cache, run.schedule.batch_size, run.seed, step)
    return DivergedError(step // training.steps_per_epoch + 1, step + 1, what, frames)
