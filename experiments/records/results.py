"""What a finished run measured: the content of its ``metrics.json``; no TensorFlow.

Each task has a result of its own, a frozen dataclass that its score constructs, see `experiments.tasks.task`.
"""

import dataclasses
import types
import typing
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.readings import Readings
from selfsup_segmentation.experiments.records.json_files import FORMAT, read_record, sealed, write_json
from selfsup_segmentation.experiments.tasks import named

FILE = "metrics.json"


def headline(evaluations: dict, readings: Readings) -> dict[str, float | None]:
    """The numbers of the paper's tables, by the names that `reproduce.published` gives them.

    Args:
        evaluations: as in `Results`.
        readings: they choose the statistics, the resolution of the mIoU, and unit, cap and mean of the
            disparity errors.

    Returns:
        Dict of floats; None where there is nothing to score.
    """
    numbers = {}
    for result in evaluations[readings.encoder_bn_eval].values():
        numbers |= result.headline(readings)
    # NaN is the mean over nothing, such as a validation set without a labelled pixel.
    return {name: None if value != value else value for name, value in numbers.items()}


def headline_names(tasks) -> list[str]:
    """Names of the headline numbers of some tasks."""
    return [name for task in named(tasks) for name in task.result.HEADLINE]


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
        state_sha256: SHA-256 of the complete state after training, hexadecimal.
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
            InputError: the file is damaged, of another format, or has an unknown task.
        """
        record = read_record(folder, FILE)
        if record is None:
            return None
        try:
            evaluations = {
                kind: {task.name: _construct(task.result, by_task[task.name]) for task in named(by_task)}
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
                kind: {
                    task: dataclasses.asdict(score, dict_factory=_known) for task, score in by_task.items()
                }
                for kind, by_task in self.evaluations.items()
            },
        }
        others = {name: value for name, value in vars(self).items() if name != "evaluations"}
        write_json(folder / FILE, sealed(record | others))


def _construct(cls, values):
    """A dataclass from a dict, with its fields that are dataclasses; other keys are passed over."""
    hints = typing.get_type_hints(cls)
    return cls(**{name: _convert(hints[name], value) for name, value in values.items() if name in hints})


def _convert(hint, value):
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    nested = next((kind for kind in kinds if dataclasses.is_dataclass(kind)), None)
    return value if nested is None or value is None else _construct(nested, value)


def _known(items):
    return {name: value for name, value in items if value is not None}
