"""Ways to compute a run, and the options of the command line that choose them."""

import dataclasses


@dataclasses.dataclass(frozen=True, eq=False)  # each is itself
class Mode:
    """A way to compute a run.

    Attributes:
        name: in tables.
        options: of the command line.
        readings: the same as `experiments.readings.Readings`.
        rounds: whether it rounds to fewer digits than float32.
        gpu: whether it is of use on a GPU alone.
    """

    name: str
    options: str
    readings: dict
    rounds: bool = False
    gpu: bool = False


DEFAULT = Mode("float32", "", {})
MODES = (
    DEFAULT,
    Mode("nondeterministic", "--nondeterministic", {"deterministic": False}, gpu=True),
    Mode("XLA", "--jit", {"jit": True}, gpu=True),
    Mode("TensorFloat-32", "--tf32", {"tf32": True}, rounds=True, gpu=True),
    Mode("bfloat16", "--precision mixed_bfloat16", {"precision": "mixed_bfloat16"}, rounds=True),
    Mode("float16", "--precision mixed_float16", {"precision": "mixed_float16"}, rounds=True, gpu=True),
)
