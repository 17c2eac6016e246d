"""A finished run, opened from its directory alone; TensorFlow is imported once its network is used."""

import dataclasses
import functools
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.json_files import read_record
from selfsup_segmentation.experiments.records.results import Results
from selfsup_segmentation.experiments.run import Run


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A finished run.

    Attributes:
        run: its description.
        folder: run directory.
        description: content of run.json.
        results: content of metrics.json.
    """

    run: Run
    folder: Path
    description: dict
    results: Results

    @classmethod
    def open(cls, folder: Path) -> "FinishedRun":
        """Open a run directory.

        Raises:
            InputError: the run is not finished, or a file is damaged or of another version.
        """
        description, results = read_record(folder, "run.json"), Results.read(folder)
        if description is None or results is None:
            raise InputError(
                f"{folder} is not the folder of a finished run: it lacks run.json or metrics.json."
            )
        return cls(Run.from_dict(description), folder, description, results)

    @functools.cached_property
    def network(self):
        """The `experiments.finished.network.TrainedNetwork`, read when it is first used.

        Raises:
            InputError: a file of the network is missing or damaged.
        """
        from selfsup_segmentation.experiments.finished.network import TrainedNetwork  # brings TensorFlow

        return TrainedNetwork(self.run, self.folder)
