"""Input stream and output channels of each task; imports no TensorFlow."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Head:
    """Interface of a task's decoder.

    Attributes:
        stream: name of the network input that the task uses, ``lab`` or ``gray`` for the paper's tasks.
        channels: number of channels of the logits.
    """

    stream: str
    channels: int


HEADS = {"seg": Head("lab", 19), "color": Head("gray", 36), "depth": Head("lab", 1)}
"""Task name → `Head`, for the paper's tasks."""
