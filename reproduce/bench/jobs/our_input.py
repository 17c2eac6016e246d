"""This project's training pipeline on decoded frames: what it delivers, and how long a step waits for it."""

import os
import time
from pathlib import Path

import numpy as np

from selfsup_segmentation.data.cache import FrameCache
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.pipeline import Preparation, ordered_batches, training_batches
from selfsup_segmentation.reproduce.bench.jobs import reference_frame
from selfsup_segmentation.reproduce.bench.jobs.runs import SEED, STATISTICS, as_in_a_run, make_run, make_step
from selfsup_segmentation.reproduce.bench.measuring import timed
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow

DROPPED = 2 + 2 * os.cpu_count()  # batches that may have been prepared while nobody timed
PARTS = {"seg": "labels", "depth": "right"}
FOREVER = 10**9  # epochs


def prepare(tasks, frames, size, batch, cache, batches, steps):
    """Batches of a run, and its step on them.

    Args:
        tasks: of the run.
        frames: dicts with ``name`` and the paths ``left``, ``right``, ``labels``.
        size: (width, height) in px.
        batch: frames a step.
        cache: folder of the decoded frames.
        batches: that are timed in a call of ``input``.
        steps: in a call of ``train``.
    """
    import_tensorflow()
    as_in_a_run()
    run = make_run(tasks, size, batch)
    frames = [
        Frame(**{key: value if key == "name" else Path(value) for key, value in f.items()}) for f in frames
    ]
    parts = ["left", *(PARTS[task] for task in tasks if task in PARTS)]
    stored = FrameCache(frames, size, parts, "resize", Path(cache))
    facts = {"seconds_to_decode_once": timed(stored.build)["seconds"], "frames": len(frames)}
    preparation = Preparation(run.tasks, STATISTICS)
    if len(tasks) == 3:
        facts |= _differences(frames[0], stored, preparation, size)
    _, step, progress = make_step(run, STATISTICS)
    delivered = iter(training_batches(stored, preparation, batch, SEED, FOREVER))
    step(next(delivered))

    def deliver():
        for _ in range(DROPPED):
            next(delivered)
        return {"seconds": timed(lambda: next(delivered), batches)["seconds"] / batch}

    def train():
        start, waited = time.perf_counter(), 0.0
        for _ in range(steps):
            asked = time.perf_counter()
            data = next(delivered)
            waited += time.perf_counter() - asked
            step(data)
            progress.sums.numpy()  # a GPU would go on computing while the next batch is waited for
        seconds = time.perf_counter() - start
        return {"seconds": seconds / (steps * batch), "waiting": waited / seconds}

    return facts, {"input": deliver, "train": train}


def _differences(frame, cache, preparation, size):
    """How far a frame of the pipeline is from the reference's; they are to be the same work."""
    paths = {part: getattr(frame, part) for part in ("left", "right", "labels")}
    reference = reference_frame.read(paths, size)
    ours = {key: value.numpy()[0] for key, value in next(iter(ordered_batches(cache, preparation))).items()}
    if not np.array_equal(ours["labels"], reference["labels"]):
        raise ValueError("the labels of the pipeline differ from the reference's")
    same = float((ours["color"] == reference["color"]).mean())
    largest = max(float(np.abs(ours[key] - reference[key]).max()) for key in ("lab", "gray", "left", "right"))
    if same < 0.999 or largest > 1e-3:
        raise ValueError(
            f"images differ from the reference's by {largest}, {same:.4%} of the color classes equal"
        )
    return {"largest_difference_of_an_image": largest, "share_of_equal_color_classes": same}
