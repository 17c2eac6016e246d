"""Cityscapes' own evaluation code, as a user of the benchmark runs it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# The package reads the environment while it is imported and keeps what it found: hence a process of its own.
_PROGRAM = """
import sys
from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as evaluation
evaluation.args.evalInstLevelScore = sys.argv.pop() == "instances"
evaluation.args.quiet = True
evaluation.main()
"""


def official_scores(root: Path, results: Path, instances: bool = True) -> dict:
    """Evaluate predicted label ids on the validation split.

    Args:
        root: data set with ``gtFine/val/<city>/*_gtFine_labelIds.png`` and, for the instance scores,
            ``*_gtFine_instanceIds.png``.
        results: folder with one PNG of label **ids** (not trainIds) of native size for each image, its name
            beginning with ``<city>_<sequence>_<frame>``.
        instances: also compute the instance-weighted scores (iIoU).

    Returns:
        The official result: ``averageScoreClasses``, ``averageScoreInstClasses``,
        ``averageScoreCategories``, ``averageScoreInstCategories``, ``classScores``, …

    Raises:
        RuntimeError: the official code failed; the message holds its output.
    """
    with tempfile.TemporaryDirectory() as export:
        environment = os.environ | {
            "CITYSCAPES_DATASET": str(root),
            "CITYSCAPES_RESULTS": str(results),
            "CITYSCAPES_EXPORT_DIR": export,
        }
        scores = "instances" if instances else "classes"
        command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, scores]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"cityscapesscripts failed on {results}: {run.stdout}{run.stderr}")
        return json.loads((Path(export) / "resultPixelLevelSemanticLabeling.json").read_text())
