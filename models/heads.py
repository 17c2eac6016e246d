"""What a task adds to the network; known without TensorFlow."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Head:
    """A task's decoder, seen from outside.

    Attributes:
        stream: name of the input of the network that it sees.
        channels: of its logits.
    """

    stream: str
    channels: int


HEADS = {"seg": Head("lab", 19), "color": Head("gray", 36), "depth": Head("lab", 1)}
"""The paper's tasks."""
