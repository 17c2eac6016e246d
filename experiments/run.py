"""The description of one run: everything that decides its numbers, apart from the data."""

import dataclasses
import hashlib

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.readings import Readings

MAX_NAME = 255  # bytes of a file name on common file systems
INITS = ("random", "ImageNet", "CoarseCTS")


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Length and size of a training and its evaluation.

    Attributes:
        epochs: passes over the training images.
        size: (width, height) of the network's image.
        batch_size: stereo pairs a step.
        learning_rate: of Adam (β 0.9 and 0.999).
        statistics_batches: batches on which BatchNorm statistics are estimated again before the evaluation.
        validate_every: epochs between validations in training; 0 for none. They choose nothing.
    """

    epochs: int
    size: tuple[int, int]
    batch_size: int = 2
    learning_rate: float = 1e-3
    statistics_batches: int = 500
    validate_every: int = 5


CITYSCAPES = Schedule(epochs=100, size=(1024, 512))
# About as many steps as 100 fine epochs.
COARSE = dataclasses.replace(CITYSCAPES, epochs=15, validate_every=0)
KITTI = Schedule(epochs=20, size=(1248, 384))
DEMO = Schedule(epochs=8, size=(192, 96), statistics_batches=24, validate_every=8)
DEMO_COARSE = dataclasses.replace(DEMO, validate_every=0)
DEMO_KITTI = dataclasses.replace(DEMO, size=(320, 96))


@dataclasses.dataclass(frozen=True)
class Run:
    """One training and its evaluation.

    Attributes:
        dataset: data and scale, as `experiments.catalog.dataset_label` names them.
        tasks: names in the order of `experiments.tasks.TASKS`.
        weighting: ``GS`` (fixed weights), ``UW``, ``DWA`` or another key of `WEIGHTINGS`;
            ``none`` for a single task.
        init: of the encoder: ``random``, ``ImageNet`` or ``CoarseCTS``.
        schedule: length and size of the training.
        seed: seed of initialization and order of the images, ≥ 0.
        split: ``train``, or ``train_extra`` for the CoarseCTS pre-training.
        readings: readings of the paper.
        base: the schedule that this scale has by default; what differs from it is part of the name.
        start: dataset of the run of the same row, init and seed that initializes this one; empty for none.
    """

    dataset: str
    tasks: tuple[str, ...]
    weighting: str
    init: str
    schedule: Schedule
    seed: int = 0
    split: str = "train"
    readings: Readings = dataclasses.field(default_factory=Readings)
    base: Schedule | None = None
    start: str = ""

    @property
    def row(self):
        """Name of the row, as in the paper's tables: ``SS``, ``SS+C/GS``, … or ``CoarseCTS``."""
        if self.split == "train_extra":
            return "CoarseCTS"
        # Imports numpy, which `--help` does without.
        from selfsup_segmentation.experiments.tasks import named

        name = "+".join(task.letters for task in named(self.tasks))
        return name if self.weighting == "none" else f"{name}/{self.weighting}"

    @property
    def weights(self):
        """Fixed weights by task for ``GS``: the reading ``w_<task>``, 1 where there is none; else empty."""
        if self.weighting != "GS":
            return {}
        return {task: getattr(self.readings, f"w_{task}", 1.0) for task in self.tasks}

    @property
    def needs_imagenet(self):
        """Whether it starts from the ImageNet file itself, not from another run that did."""
        return self.init == "ImageNet" and not self.start

    @property
    def variations(self):
        """Settings that differ from the defaults of this scale, dict of name to value."""
        base = vars(self.base or self.schedule)
        changed = {name: value for name, value in vars(self.schedule).items() if value != base[name]}
        return changed | self.readings.changed()

    @property
    def folder(self):
        """Run directory below the runs folder: ``<dataset>/<row>/<init>/seed<k>[,name=value…]``.

        Different runs have different ones; the last part is `shortened`.
        """
        parts = [f"seed{self.seed}"]
        for name, value in sorted(self.variations.items()):
            text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
            if isinstance(value, float) and float(f"{value:g}") == value:
                text = f"{value:g}"
            parts.append(f"{name}={text}")
        init = f"{self.init}-after-{self.start}" if self.start else self.init
        return f"{self.dataset}/{self.row.replace('/', '-')}/{init}/{shortened(','.join(parts))}"

    def __str__(self):
        return self.folder

    def to_dict(self):
        """The complete description as plain JSON values."""
        return dataclasses.asdict(self) | {
            "row": self.row,
            "weights": self.weights,
            "folder": self.folder,
            "variations": self.variations,
        }

    @classmethod
    def from_dict(cls, values):
        """The run that `to_dict` described, also after a round trip through JSON; other keys are ignored.

        Raises:
            InputError: another version described it, with readings or tasks that this one does not have.
        """

        # Imports numpy, which `--help` does without.
        from selfsup_segmentation.experiments.tasks import named

        def schedule(stored):
            return Schedule(**stored | {"size": tuple(stored["size"])})

        try:
            known = {field.name: values[field.name] for field in dataclasses.fields(cls)}
            return cls(
                **known
                | {
                    "tasks": tuple(task.name for task in named(values["tasks"])),
                    "schedule": schedule(values["schedule"]),
                    "base": values["base"] and schedule(values["base"]),
                    "readings": Readings(**values["readings"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"run {values.get('folder', '')} was described by another version of this program ({error}); "
                "use that version, or remove the run's folder to make it again."
            ) from error


def shortened(name, length=MAX_NAME):
    """A file name; the end of one of more than ``length`` characters becomes a digest of it."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return name if len(name) <= length else f"{name[: length - len(digest) - 1]}~{digest}"
