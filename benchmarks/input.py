"""The training input against other libraries."""

import itertools
import os
import time

import numpy as np

from benchmarks import reference_frame
from benchmarks.comparison import Number
from benchmarks.rounds import Candidate, CandidateError, clock, measure
from benchmarks.run import SEED, TASKS, make_run, make_step, scenes, start_tensorflow, statistics

OTHERS = {"sequence": "a Keras Sequence", "decoded": "one of decoded frames", "loader": "a torch DataLoader"}
PROCESSES = 2  # of the DataLoader


def compare_input(settings):
    """Training input: input pipeline, training, and waiting time of a step, in seconds per frame.

    Our pipeline from frames decoded once, against a Keras Sequence (one worker, the default) and a torch
    DataLoader (two processes) that read the PNG files each time and make the same images and color classes
    with PIL, scikit-image and NumPy; one Sequence has its frames decoded in memory.
    """
    frames = scenes(settings).frames("train", ("right", "labels"))
    candidates = {name: Candidate(ours, {"frames": frames, "tasks": tasks}) for name, tasks in TASKS.items()}
    candidates["sequence"] = Candidate(keras_sequence, {"frames": frames, "decoded": False})
    candidates["decoded"] = Candidate(keras_sequence, {"frames": frames, "decoded": True})
    candidates["loader"] = Candidate(torch_loader, {"frames": frames}, packages=("torch",))
    rounds, numbers = measure(candidates, settings), []
    for name in TASKS:
        waits = rounds.ratios(f"{name} wait", f"{name} train")
        delivered = rounds.ratios(f"{name} train", f"{name} input")
        numbers.append(Number(f"share of a step spent waiting for input, {name}", waits, at_most=0.02))
        numbers.append(
            Number(f"frames per second of the input ÷ of training, {name}", delivered, at_least=20)
        )
    for name in [name for name in OTHERS if name not in rounds.skipped]:
        ratios = rounds.ratios(f"{name} input", "SS+C+D input")
        numbers.append(Number(f"frames per second of our SS+C+D ÷ {OTHERS[name]}", ratios))
    return rounds, numbers


def ours(settings, frames, tasks):
    """Time batches of a run (``input``), its steps on them (``train``), and their waiting time (``wait``)."""
    run = make_run(settings, tasks)
    from selfsup_segmentation.data.cache import FrameCache
    from selfsup_segmentation.data.pipeline import Preparation, ordered_batches, training_batches
    from selfsup_segmentation.experiments.tasks import named

    parts = ["left", "labels", *(["right"] if "depth" in tasks else [])]
    cache, preparation = FrameCache(frames, settings.size, parts), Preparation(named(tasks), statistics())
    facts = {"seconds_to_decode_once": clock(cache.build), "frames": len(frames)}
    if len(tasks) == 3:
        first = next(iter(ordered_batches(cache, preparation)))
        _check(first, reference_frame.read(frames[0], settings.size))
    _, step, progress = make_step(run)
    delivered = iter(training_batches(cache, preparation, settings.batch, SEED, 10**9))
    step(next(delivered))
    steps, waits = settings.amount(3, 2), []

    def wait_and_step():
        start = time.perf_counter()
        data = next(delivered)
        waits.append(time.perf_counter() - start)
        step(data)
        progress.sums.numpy()  # a GPU would still compute while the next batch is awaited

    return facts, {
        "input": _timer(settings, delivered, settings.amount(20, 4), 2 + 2 * os.cpu_count()),
        "train": lambda: clock(wait_and_step, steps) / settings.batch,
        "wait": lambda: sum(waits[-steps:]) / steps / settings.batch,
    }


def _timer(settings, delivered, batches, ahead=0):
    """Seconds per frame of an iterator; ``ahead`` batches may have been prepared while nothing was timed."""

    def timer():
        for _ in range(ahead):
            next(delivered)
        return clock(lambda: next(delivered), batches) / settings.batch

    return timer


def _check(batch, reference):
    """Raise an error unless the pipeline and the reference prepare the same frame."""
    frame = {key: value[0].numpy() for key, value in batch.items()}
    largest = max(np.abs(frame[key] - reference[key]).max() for key in ("lab", "gray", "left", "right"))
    same = (frame["color"] == reference["color"]).mean()
    if largest > 1e-3 or same < 0.999 or not np.array_equal(frame["labels"], reference["labels"]):
        raise CandidateError(f"frames differ: images by {largest}, equal color classes {same:.4%}, or labels")


def keras_sequence(settings, frames, decoded):
    """Time a Keras Sequence that decodes its frames each time, or once if ``decoded``."""
    start_tensorflow()
    import keras

    def read(index):
        return reference_frame.decode(frames[index], settings.size)

    if decoded:
        read = [read(index) for index in range(len(frames))].__getitem__

    class Frames(keras.utils.PyDataset):
        def __len__(self):
            return len(frames) // settings.batch

        def __getitem__(self, index):
            chosen = range(index * settings.batch, (index + 1) * settings.batch)
            items = [reference_frame.prepare(read(i)) for i in chosen]
            return {name: np.stack([item[name] for item in items]) for name in items[0]}

    data = Frames()
    batches = map(data.__getitem__, itertools.cycle(range(len(data))))
    return {}, {"input": _timer(settings, batches, settings.amount(4, 1))}


def torch_loader(settings, frames):
    """Time a torch DataLoader."""
    import torch

    class Frames(torch.utils.data.IterableDataset):
        def __iter__(self):  # each process has its share of the frames, without end
            first = torch.utils.data.get_worker_info().id
            for frame in itertools.islice(itertools.cycle(frames), first, None, PROCESSES):
                yield reference_frame.read(frame, settings.size)

    options = {"num_workers": PROCESSES, "persistent_workers": True, "multiprocessing_context": "fork"}
    loader = torch.utils.data.DataLoader(Frames(), settings.batch, **options)
    ahead = PROCESSES * loader.prefetch_factor
    return {}, {"input": _timer(settings, iter(loader), settings.amount(4, 1), ahead)}
