"""How runs are carried out: what a user may choose without changing any number."""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path


def warn(sentence):
    """Print a warning to the standard error."""
    print(f"warning: {sentence}", file=sys.stderr)


@dataclasses.dataclass(frozen=True)
class Options:
    """Choices that belong to the machine, not to the run.

    Attributes:
        imagenet_weights: path, ``auto`` or ``none``.
        checkpoint_minutes: at most this much work is lost.
        tensorboard: write events.
        progress: ``bar`` (a line that is rewritten), ``lines`` (one an epoch), ``none``, or ``auto``: a bar
            on a terminal, else lines.
        json_log: file that `experiments.monitoring.events` are appended to, or None.
        warn: takes a sentence about something that was mended.
    """

    imagenet_weights: str | Path = "auto"
    checkpoint_minutes: float = 10.0
    tensorboard: bool = True
    progress: str = "auto"
    json_log: Path | None = None
    warn: Callable[[str], None] = warn
