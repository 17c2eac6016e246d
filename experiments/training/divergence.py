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
    """Restore the state before a run diverged, save it, and describe what happened.

    A run is a pure function of its state: from the last state that was saved it comes to the same place.
    Losses may be the first that one sees of an update that was not finite one step earlier.

    Args:
        training: `experiments.training.loop.Training`, in any state.
        step: first with a loss that is not finite, counted from 0.
        losses: names of those.

    Returns:
        `DivergedError`, to be raised.
    """
    training.replay(step)
    what = losses
    if step > 0 and not _is_finite(training.model):
        step, what = step - 1, ["update of the weights"]
        training.replay(step)
    training.checkpoints.save(step)
    run, cache = training.run, training.cache
    frames = frames_of_step(cache, run.schedule.batch_size, run.seed, step)
    return DivergedError(step // training.steps_per_epoch + 1, step + 1, what, frames)


def _is_finite(model):
    return all(np.isfinite(weight).all() for weight in model.get_weights())
