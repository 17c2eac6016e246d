"""How runs are executed: what a user may choose without changing any number."""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path


def warn(sentence):
    """Print a warning to the standard error, above a progress bar where there is one."""
    from tqdm import tqdm

    tqdm.write(f"warning: {sentence}", file=sys.stderr)


@dataclasses.dataclass(frozen=True)
class Options:
    """Choices that belong to the machine, not to the run.

    Attributes:
        imagenet_weights: path of the weights file, ``auto`` or ``none``.
        checkpoint_minutes: minutes between checkpoints.
        tensorboard: whether events are written.
        progress: ``bar`` (redrawn in place), ``lines`` (one an epoch), ``none``, or ``auto``: a bar on a
            terminal, else lines.
        warn: callable that takes a sentence about a problem that was worked around.
    """

    imagenet_weights: str | Path = "auto"
    checkpoint_minutes: float = 10.0
    tensorboard: bool = True
    progress: str = "auto"
    warn: Callable[[str], None] = warn
