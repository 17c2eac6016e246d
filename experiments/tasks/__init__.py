"""The tasks, one a file. A new one is a file with a `Task` and a line in `TASKS`; without TensorFlow."""

from selfsup_segmentation.experiments.tasks.colorization import Colorization
from selfsup_segmentation.experiments.tasks.disparity import Disparity
from selfsup_segmentation.experiments.tasks.segmentation import Segmentation

TASKS = [
    Segmentation(),
    Colorization(),
    Disparity(),
]
"""In the order in which a run names them."""


def named(names):
    """The `Task` objects of some names, in the order of the names."""
    tasks = {task.name: task for task in TASKS}
    return tuple(tasks[name] for name in names)


def parse_letters(text):
    """Names of the tasks of a row's letters such as ``SS+C``, in the order of `TASKS`.

    Raises:
        ValueError: letters of no task, or twice the same.
    """
    letters = text.split("+")
    names = tuple(task.name for task in TASKS if task.letters in letters)
    if len(names) != len(letters):
        raise ValueError(f"{text}: tasks are {', '.join(task.letters for task in TASKS)}, each at most once")
    return names


def by_stream(names):
    """Names of the tasks that see the same input, lists by the stream's name, in order."""
    streams = {}
    for task in named(names):
        streams.setdefault(task.head.stream, []).append(task.name)
    return streams
