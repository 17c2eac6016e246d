"""One run through all the processes that train it, each of which may be told to come to harm."""

import multiprocessing

from tests.faults import child
from tests.processes import Watched, status

EPOCHS, STEPS = 8, 16  # of 4 frames in batches of 2; the demo scale validates at the end of epoch 8
ROW = "SS+C+D/DWA"


def make_context():
    """Processes that are forked from one that has imported TensorFlow and done nothing with it.

    Each is a process of its own, with its own start of TensorFlow, without the seconds of the import.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "selfsup_segmentation.reproduce.cli.train",
            "selfsup_segmentation.experiments.executors.local",
            "tests.faults.child",
        ]
    )
    return context


def command(data, runs, minutes=10.0, row=ROW, cache=None):
    """``reproduce train`` of a tiny run."""
    options = {
        "--cityscapes": data, "--runs": runs, "--row": row, "--epochs": EPOCHS, "--size": "64x32",
        "--checkpoint-minutes": minutes, "--imagenet-weights": "none", "--progress": "lines",
        "--cache": cache or runs / "cache",
    }  # fmt: skip
    return ["train", *(str(word) for pair in options.items() for word in pair), "--no-tensorboard"]


class Process(Watched):
    """A forked process; arguments as for `tests.faults.child.run`."""

    def __init__(self, context, stem, commands, faults):
        super().__init__(stem, "journal")
        self._process = context.Process(target=child.run, args=(commands, *map(str, self.files), faults))
        self._process.start()
        self.pid = self._process.pid

    def exit_code(self, seconds=0):
        """As `Watched` says."""
        self._process.join(seconds)
        return self._process.exitcode

    def until_frozen(self):
        """Wait until it has stopped itself, where its faults say so."""
        self.until(lambda: status(self.pid)[:1] == ["T"], "it stopped itself")

    @property
    def complaints(self):
        """Lines of the standard error that are the program's own: a warning, or why it ended."""
        return [line for line in self.err.splitlines() if line.startswith(("reproduce:", "warning:"))]

    def _journal(self, word):
        lines = (line.split() for line in self.files[2].read_text().splitlines())
        return [int(number) for kind, number in lines if kind == word]

    @property
    def first(self):
        """Step that it went on from; None when it never came to training."""
        return next(iter(self._journal("from")), None)

    @property
    def steps(self):
        """The steps that it began, in order."""
        return self._journal("step")


class Life:
    """A run from its beginning to its end, in one process after another.

    Args:
        context: of `make_context`.
        data: folder of the data set.
        home: where the runs folder goes and what the processes say.
        **options: of `command`, where all processes have the same.
    """

    def __init__(self, context, data, home, **options):
        self.home, self.runs, self.processes = home, options.pop("runs", home / "runs"), []
        self._context, self._data, self._options = context, data, options

    @property
    def folder(self):
        """Of the run."""
        row = self._options.get("row", ROW).replace("/", "-")
        return self.runs / "scenes-demo" / row / "random" / "seed0,size=64x32"

    def start(self, *faults, **options):
        """The command once more; returns the process, under way."""
        commands = [command(self._data, self.runs, **self._options | options)]
        return self.start_commands(commands, *faults)

    def start_commands(self, commands, *faults):
        """Any commands of the program, as the next process."""
        stem = self.home / f"process{len(self.processes):02d}"
        self.processes.append(Process(self._context, stem, commands, faults))
        return self.processes[-1]

    def go(self, *faults, **options):
        """The command once more, waited for; returns (exit code, process)."""
        process = self.start(*faults, **options)
        return process.wait(), process

    def states(self):
        """Numbers of the steps after which there is a state."""
        found = (self.folder / "checkpoint").glob("step-*")
        return sorted(int(path.name[5:]) for path in found if path.suffix != ".tmp")

    def lost(self, process):
        """Steps that a process began and a later one began again."""
        later = self.processes[self.processes.index(process) + 1 :]
        first = next((p.first for p in later if p.first is not None), None)
        return 0 if first is None else sum(step >= first for step in process.steps)

    def end(self):
        """Leave no process behind."""
        for process in self.processes:
            process.kill()
