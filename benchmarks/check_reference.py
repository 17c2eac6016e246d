"""``python -m benchmarks.check_reference``: make the numbers that ``reproduce check`` compares with.

Losses are those of this CPU with all its cores. A tolerance is a multiple of the largest difference up to a
step: for float32 among numbers of cores, with oneDNN and without; for bfloat16 between it and float32.
"""

import dataclasses
import os
import tempfile

from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.reproduce.check import measure, numbers

MULTIPLE = {"float32": 10, "mixed_bfloat16": 3}
FLOOR = 1e-5  # of float32's tolerance: TensorFlow's kernels for GPUs sum in other orders again
NO_ONEDNN = {"TF_ENABLE_ONEDNN_OPTS": "0"}


def main():
    """Measure and write the file."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        scenes = measure.write_scenes(folder, numbers.SIZE)
        job = numbers.job(scenes)
        variants = {f"{count} cores": (cores[:count], {}) for count in sorted({1, len(cores)})}
        variants |= {f"{name}, no oneDNN": (used, NO_ONEDNN) for name, (used, _) in variants.items()}
        losses = {name: _losses(job, *how) for name, how in variants.items()}
        rounded = dataclasses.replace(job, readings={"precision": "mixed_bfloat16"})
        expected = losses[f"{len(cores)} cores"]
        found = {
            "float32": list(losses.values()),
            "mixed_bfloat16": [_losses(rounded, cores, {}), _losses(rounded, cores[:1], {})],
        }
    tolerance = {name: _tolerance(expected, found[name], name) for name in found}
    spread = {name: numbers.compare(each, expected, None).largest for name, each in losses.items()}
    write_json(numbers.REFERENCE, {"losses": expected, "tolerance": tolerance, "largest_differences": spread})


def _losses(job, cores, environment):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        found = measure.in_a_process(job, f"{len(cores)} cores {environment}", **environment)
    finally:
        os.sched_setaffinity(0, before)
    return found["losses"]


def _tolerance(expected, variants, name):
    floor = FLOOR if name == "float32" else 0.0
    return {
        task: [
            max(
                floor,
                MULTIPLE[name]
                * max(abs(each[task][k] / values[k] - 1) for each in variants for k in range(step + 1)),
            )
            for step in range(len(values))
        ]
        for task, values in expected.items()
    }


if __name__ == "__main__":
    main()
