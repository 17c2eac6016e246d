"""Cityscapes' own pixel-level evaluation on images that are written in its layout."""

from pathlib import Path

import numpy as np
from PIL import Image

from selfsup_segmentation.experiments.evaluation.official import official_scores


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
    city, results = folder / "gtFine/val/town", folder / "results"
    for path in (city, results):
        path.mkdir(parents=True)
    for index, (truth, prediction) in enumerate(zip(truths, predictions, strict=True)):
        name = f"town_000000_{index:06d}"
        Image.fromarray(np.asarray(truth, np.uint8)).save(city / f"{name}_gtFine_labelIds.png")
        Image.fromarray(np.asarray(prediction, np.uint8)).save(results / f"{name}_prediction.png")
        if instances is not None:
            image = Image.fromarray(np.asarray(instances[index], np.uint16))
            image.save(city / f"{name}_gtFine_instanceIds.png")

    return official_scores(folder, results, instances=instances is not None)
