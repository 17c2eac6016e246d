"""What a finished run measured: the content of its ``metrics.json``; no TensorFlow.

Each task has a result of its own, a frozen dataclass whose score constructs it (`RESULTS`).
"""

import dataclasses
import types
import typing
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.metrics import DisparityErrors
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import FORMAT, read_record, sealed, write_json

FILE = "metrics.json"


@dataclasses.dataclass(frozen=True)
class IoU:
    """Intersection over union of a whole set.

    Attributes:
        miou: mean over the classes that occur, 0..1; NaN, in files null, where none does.
        classes: number of classes in that mean.
        per_class: IoU of each class by its name, 0..1; NaN or None for a class that does not occur.
    """

    miou: float | None = None
    classes: int | None = None
    per_class: dict[str, float | None] | None = None


@dataclasses.dataclass(frozen=True)
class SegmentationResult:
    """Score of the segmentation.

    Attributes:
        native, network: at the resolution of the labels, and at the network's.
        interval: (low, high), 95 % bootstrap interval of the native mIoU over the images.
        constant_class_miou: native mIoU of always predicting the most frequent class, a yardstick.
        by_image: native mIoU of each single image by the frame's name, NaN or None where nothing is labeled;
            None in files of early versions.
    """

    HEADLINE = ("sem_miou",)

    native: IoU = IoU()
    network: IoU = IoU()
    interval: tuple[float, float] | None = None
    constant_class_miou: float | None = None
    by_image: dict[str, float | None] | None = None

    def at(self, readings: Readings) -> IoU:
        """The IoU at the resolution that the readings choose."""
        return getattr(self, readings.eval_resolution)

    def headline(self, readings: Readings) -> dict[str, float | None]:
        """Numbers of the paper's tables by the names of `reproduce.published`."""
        return {"sem_miou": self.at(readings).miou}

    def variants(self) -> dict[str, float | None]:
        """All numbers of the appendix by column."""
        low, high = self.interval or (None, None)
        return {
            "sem_miou/native": self.native.miou,
            "sem_miou/network": self.network.miou,
            "sem_classes/native": self.native.classes,
            "sem_interval_low": low,
            "sem_interval_high": high,
        }


@dataclasses.dataclass(frozen=True)
class ColorResult(IoU):
    """Score of the colorization: IoU of the 36 color classes at the network's resolution."""

    HEADLINE = ("color_miou",)

    def headline(self, readings: Readings) -> dict[str, float | None]:
        """Numbers of the paper's tables by the names of `reproduce.published`."""
        return {"color_miou": self.miou}

    def variants(self) -> dict[str, float | None]:
        """All numbers of the appendix by column."""
        return {"color_miou": self.miou}


@dataclasses.dataclass(frozen=True)
class Errors:
    """Errors of disparity or depth in one unit; the mean over images of their means unless said otherwise.

    Attributes:
        abs_rel, sq_rel, rmse, rmse_log: see `experiments.metrics.DisparityErrors`; NaN or None without ground
            truth.
        pooled: the same over all pixels of all images.
        dropped: share of the measured pixels, 0..1, that the ``minimum`` and the ``cap`` left out.
        clipped: the same with ground truth over the cap clipped to it rather than left out.
    """

    abs_rel: float | None = None
    sq_rel: float | None = None
    rmse: float | None = None
    rmse_log: float | None = None
    pooled: "Errors | None" = None
    dropped: dict[str, float | None] | None = None
    clipped: "Errors | None" = None

    def named(self, prefix: str = "") -> dict[str, float | None]:
        """The four errors by name."""
        return {f"{prefix}{name}": getattr(self, name) for name in DisparityErrors.NAMES}


@dataclasses.dataclass(frozen=True)
class DepthResult:
    """Score of the depth task.

    Attributes:
        disp_half, disp_full: errors in px of the network's and of the native image.
        depth_m: errors of the depth in metres; None without a calibration.
        constant_abs_rel: AbsRel in px of the network's image of the best constant disparity, a yardstick.
        by_image: AbsRel of ``disp_half`` of each single image by the frame's name, NaN or None without a
            valid pixel; None in files of early versions.
    """

    HEADLINE = DisparityErrors.NAMES

    disp_half: Errors | None = None
    disp_full: Errors | None = None
    depth_m: Errors | None = None
    constant_abs_rel: float | None = None
    by_image: dict[str, float | None] | None = None

    def headline(self, readings: Readings) -> dict[str, float | None]:
        """Numbers of the paper's tables; None for depth in metres without a calibration."""
        errors = getattr(self, readings.depth_metric)
        errors = errors and errors.clipped if readings.cap_mode == "clip" else errors
        errors = errors and errors.pooled if readings.metric_avg == "pooled" else errors
        return (errors or Errors()).named()

    def variants(self) -> dict[str, float | None]:
        """All numbers of the appendix by column."""
        numbers = {}
        for unit in ("disp_half", "disp_full", "depth_m"):
            errors = getattr(self, unit) or Errors()
            numbers |= errors.named(f"{unit}/")
            numbers |= (errors.pooled or Errors()).named(f"{unit}/pooled_")
            numbers |= (errors.clipped or Errors()).named(f"{unit}/clipped_")
            for limit in ("minimum", "cap"):
                numbers[f"{unit}/dropped_{limit}"] = (errors.dropped or {}).get(limit)
        return numbers


RESULTS = {"seg": SegmentationResult, "color": ColorResult, "depth": DepthResult}
"""By task, the class of its result: its fields have defaults, and ``HEADLINE`` names its headline numbers."""


def headline(evaluations: dict, readings: Readings) -> dict[str, float | None]:
    """The numbers of the paper's tables, by the names that `reproduce.published` gives them.

    Args:
        evaluations: as in `Results`.
        readings: they choose the statistics, the resolution of the mIoU, and unit, cap and mean of the
            disparity errors.
    """
    numbers = {}
    for result in evaluations[readings.encoder_bn_eval].values():
        numbers |= result.headline(readings)
    return numbers


def headline_names(tasks) -> list[str]:
    """Names of the headline numbers of some tasks."""
    return [name for task in tasks for name in RESULTS[task].HEADLINE]


@dataclasses.dataclass(frozen=True)
class Results:
    """Content of ``metrics.json``.

    Attributes:
        evaluations: by kind of BatchNorm statistics (``per_input``, ``shared``), results by task.
        headline: numbers of the paper's tables under the default readings, by name.
        run: the run's description, see `experiments.run.Run.to_dict`.
        best_validation_miou: highest native mIoU of the validations in training, 0..1; None without one.
        history: a dict by name of column for each epoch, see `experiments.records.history`.
        finished: moment of the end, ISO 8601.
        state_sha256: digest of the whole state after training, see `experiments.training.loop.train`.
        session_seconds: duration of the last session.
    """

    evaluations: dict[str, dict[str, typing.Any]]
    headline: dict[str, float | None] = dataclasses.field(default_factory=dict)
    run: dict = dataclasses.field(default_factory=dict)
    best_validation_miou: float | None = None
    history: list[dict] = dataclasses.field(default_factory=list)
    finished: str | None = None
    state_sha256: str | None = None
    session_seconds: float | None = None

    def of(self, task: str, readings: Readings):
        """The result of a task with the statistics that the readings choose; None if it was not trained."""
        return self.evaluations[readings.encoder_bn_eval].get(task)

    @classmethod
    def read(cls, folder: Path) -> "Results | None":
        """Read the file of a run directory; None where there is none.

        Raises:
            InputError: the file is damaged, of another format, or has a task that this version has not.
        """
        record = read_record(folder, FILE)
        if record is None:
            return None
        try:
            evaluations = {
                kind: {task: _construct(RESULTS[task], values) for task, values in by_task.items()}
                for kind, by_task in record["results"].items()
            }
            others = [field.name for field in dataclasses.fields(cls) if field.name in record]
            return cls(evaluations, **{name: record[name] for name in others})
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{folder / FILE} does not hold the results of a run ({error!r}); remove it to make it again."
            ) from error

    def write(self, folder: Path):
        """Write the file, sealed and atomically: a run is finished exactly when it exists."""
        record = {
            "format": FORMAT,
            "run": self.run,
            "headline": self.headline,
            "results": {
                kind: {task: _plain(result) for task, result in by_task.items()}
                for kind, by_task in self.evaluations.items()
            },
            "best_validation_miou": self.best_validation_miou,
            "history": self.history,
            "finished": self.finished,
            "state_sha256": self.state_sha256,
            "session_seconds": self.session_seconds,
        }
        write_json(folder / FILE, sealed(record))


def _construct(cls, values):
    """A dataclass from a dict, with its fields that are dataclasses; other keys are passed over."""
    hints = typing.get_type_hints(cls)
    return cls(**{name: _convert(hints[name], value) for name, value in values.items() if name in hints})


def _convert(hint, value):
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    nested = next((kind for kind in kinds if dataclasses.is_dataclass(kind)), None)
    return value if nested is None or value is None else _construct(nested, value)


def _plain(result):
    """A dict of a dataclass, without the fields that are None."""
    values = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    return {
        name: _plain(value) if dataclasses.is_dataclass(value) else value
        for name, value in values.items()
        if value is not None
    }
