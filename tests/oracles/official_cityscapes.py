"""Cityscapes' own pixel-level evaluation, run on PNG files as a benchmark user would run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

# The module reads the environment while it is imported, and keeps what it found: hence a fresh process.
# numpy >= 2.4 has no in1d, which the instance scores of version 2.3 call.
_PROGRAM = """
import sys
import numpy
if not hasattr(numpy, "in1d"):
    numpy.in1d = numpy.isin
from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as evaluation
evaluation.args.evalInstLevelScore = sys.argv.pop() == "instances"
evaluation.args.quiet = True
evaluation.main()
"""


def evaluate(folder: Path, truths: list, predictions: list, instances: list | None = None) -> dict:
    """Write the images below `folder` in the official layout and evaluate them.

    Args:
        folder: an empty folder.
        truths: label ids, uint8 ``[H, W]`` each.
        predictions: label ids (not trainIds), uint8 ``[H, W]`` each.
        instances: instance ids, uint16 ``[H, W]`` each; None switches the instance scores off.

    Returns:
        The official result: ``classScores`` (IoU by class name), ``averageScoreClasses``,
        ``classInstScores``, ``categoryScores``, ``averageScoreCategories``, ...
    """
    city, results, export = (folder / name for name in ("gtFine/val/town", "results", "export"))
    for path in (city, results, export):
        path.mkdir(parents=True)
    for index, (truth, prediction) in enumerate(zip(truths, predictions, strict=True)):
        name = f"town_000000_{index:06d}"
        Image.fromarray(np.asarray(truth, np.uint8)).save(city / f"{name}_gtFine_labelIds.png")
        Image.fromarray(np.asarray(prediction, np.uint8)).save(results / f"{name}_prediction.png")
        if instances is not None:
            image = Image.fromarray(np.asarray(instances[index], np.uint16))
            image.save(city / f"{name}_gtFine_instanceIds.png")

    environment = os.environ | {
        "CITYSCAPES_DATASET": str(folder),
        "CITYSCAPES_RESULTS": str(results),
        "CITYSCAPES_EXPORT_DIR": str(export),
    }
    scores = "classes" if instances is None else "instances"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM, scores],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads((export / "resultPixelLevelSemanticLabeling.json").read_text())
