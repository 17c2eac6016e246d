"""A short training on embedded scenes, measured in a process of its own."""

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from selfsup_segmentation.data.layouts import CITYSCAPES
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.readings import Readings

SCENES = {"train": 8, "val": 1}  # frames by split; four steps an epoch
SEED = 0


@dataclasses.dataclass(frozen=True)
class Job:
    """A short training from random weights, seed 0.

    Attributes:
        scenes: folder of embedded scenes with `SCENES`.
        tasks, weighting: of the run, see `experiments.run.Run`.
        size: (width, height) of the network's image.
        steps: largest number of steps that are measured.
        warm_up: steps before those.
        learning_rate: of Adam.
        seconds: no further step is begun after this time.
        readings: those that are not the default, by name.
    """

    scenes: str
    tasks: tuple[str, ...]
    weighting: str
    size: tuple[int, int]
    steps: int
    warm_up: int = 0
    learning_rate: float = 1e-3
    seconds: float = 3600.0
    readings: dict = dataclasses.field(default_factory=dict)

    @property
    def run(self):
        """The `experiments.run.Run` that is begun."""
        readings = Readings(**self.readings)
        run = catalog.make_run("scenes-demo", self.tasks, self.weighting, "random", SEED, readings)
        enough = self.steps + self.warm_up
        changed = {"size": tuple(self.size), "epochs": enough, "learning_rate": self.learning_rate}
        return dataclasses.replace(run, schedule=dataclasses.replace(run.schedule, **changed))


def write_scenes(folder, size):
    """Embedded scenes of the size of the network's image; rendered on first use."""
    root = Path(folder) / f"scenes-{size[0]}x{size[1]}"
    CITYSCAPES.write_scenes(root, SCENES, size=size, seed=SEED)
    return root


def in_a_process(job, name, **environment):
    """`measure` a job in a new process, so that no graph, memory or setting of another one is left.

    Args:
        job: `Job`.
        name: printed with the speed, or with the reason for a failure.
        environment: further variables of its environment.

    Returns:
        As `measure`, or dict of ``failed``, the last line that the process printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "measured.json"
        command = [sys.executable, "-m", __name__, json.dumps(dataclasses.asdict(job)), str(out)]
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            command, env=os.environ | quiet | environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            found = json.loads(out.read_text(encoding="utf-8"))
            print(f"{name}: {job.run.schedule.batch_size / found['seconds']:.3g} images/s", flush=True)
            return found
    lines = done.stderr.strip().splitlines() or [f"ended with exit code {done.returncode}"]
    print(f"{name}: {lines[-1]}", flush=True)
    return {"failed": lines[-1]}


def measure(job):
    """Train the first steps of a run.

    Returns:
        Dict of ``losses`` (by task, of each step, those of the warm-up first), ``seconds`` of a step after
        the warm-up, ``input_wait`` (its share that waited for images), ``peak_bytes`` of the device's memory
        (on the CPU, of the process), ``launches`` (see `experiments.monitoring.gpu_kernels`), ``device``,
        ``tensorflow`` (its version) and ``date``.
    """
    import tensorflow as tf

    from selfsup_segmentation.experiments.datasets.library import Library
    from selfsup_segmentation.experiments.datasets.source import Source
    from selfsup_segmentation.experiments.execute import set_up
    from selfsup_segmentation.experiments.monitoring import gpu_kernels
    from selfsup_segmentation.experiments.monitoring.tensorboard import Waited
    from selfsup_segmentation.experiments.options import Options
    from selfsup_segmentation.experiments.records.description import now
    from selfsup_segmentation.experiments.records.store import Store

    library = Library(Source(CITYSCAPES, Path(job.scenes)), None)
    with tempfile.TemporaryDirectory() as nowhere:
        training = set_up(job.run, Store(Path(nowhere)), library, Options(tensorboard=False)).training
        batches = Waited(training.batches())
        launches = gpu_kernels.launches(training.train_step.get_concrete_function(next(batches)))
        batches = Waited(training.batches())
        sums = [training.progress.sums.numpy()]

        for position in range(job.warm_up + job.steps):
            if position == job.warm_up:
                started, waited = time.perf_counter(), batches.seconds
            training.train_step(next(batches))
            sums.append(training.progress.sums.numpy())  # waits for the device
            if position >= job.warm_up and time.perf_counter() - started > job.seconds:
                break
        seconds, steps = time.perf_counter() - started, position + 1 - job.warm_up
    names = [name.removeprefix("loss_") for name in training.progress.names]
    losses = {name: [] for name in names}
    for before, after in itertools.pairwise(sums):
        for name, loss in zip(names, after - before, strict=True):
            losses[name].append(float(loss))
    losses.pop("loss")
    gpus = tf.config.list_physical_devices("GPU")
    return {
        "losses": losses,
        "seconds": seconds / steps,
        "input_wait": (batches.seconds - waited) / seconds,
        "peak_bytes": _peak_bytes(tf, gpus),
        "launches": sum(launches.values()),
        "device": _name(tf, gpus[0]) if gpus else "CPU",
        "tensorflow": tf.__version__,
        "date": now(),
    }


def _name(tf, gpu):
    return tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")


def _peak_bytes(tf, gpus):
    if gpus:
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    import resource  # of Unix alone, as all of this program

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(arguments):
    """Measure the job of a command line and write the result to a file: the program of `in_a_process`."""
    described, out = arguments
    Path(out).write_text(json.dumps(measure(Job(**json.loads(described)))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
