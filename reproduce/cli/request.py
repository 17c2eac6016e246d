"""The request of a command line: its options, typed and frozen."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Request:
    """Options by their names on the command line, with the defaults of those that are not given.

    `reproduce.cli.options` and the modules of the verbs have the meaning of each.
    """

    verb: str

    # Data sets, and where results go.
    cityscapes: str | None = None
    kitti: str | None = None
    cityscapes_runs: str | None = None
    runs: str = "runs"
    scale: str | None = None
    cache: str | None = None
    out: str | None = None

    # Which runs, and what is made of them.
    seeds: tuple[int, ...] = (0,)
    rows: tuple[str, ...] = ()
    inits: tuple[str, ...] = ()
    init: str | None = None
    table: int = 1
    row: str = "SS+D/GS"
    only: tuple[int, ...] = (2, 3, 4)
    without: tuple[str, ...] = ()
    inference_size: str = "1024x512"
    submission: str | None = None

    # Readings of the paper, and how numbers are computed.
    set: tuple[str, ...] = ()
    backbone: str | None = None
    precision: str | None = None
    devices: str | None = None
    jit: bool = False
    tf32: bool = False
    nondeterministic: bool = False

    # How runs are executed; `executor` is None for verbs that execute none.
    plan: bool = False
    gpus: int | None = None
    tflops: float | None = None
    json: bool = False
    imagenet_weights: str = "auto"
    checkpoint_minutes: float = 10.0
    progress: str = "auto"
    no_tensorboard: bool = False
    executor: str | None = None
    ray_address: str | None = None
    gpus_per_run: float | None = None
    cpus_per_run: float | None = None

    # Schedule of a single run.
    seed: int = 0
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    size: str | None = None

    # A finished run and what is made of it.
    run: str = ""
    images: tuple[str, ...] = ()
    count: int = 4
    format: str = ""
    logits: bool = False
    label_ids: bool = False

    # A data set to verify or to write.
    layout: str = "cityscapes"
    report: str | None = None
    fresh: bool = False
