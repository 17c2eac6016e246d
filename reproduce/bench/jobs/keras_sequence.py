"""Batches from a Keras Sequence that prepares each frame with PIL and scikit-image."""

import itertools
from pathlib import Path

import keras
import numpy as np

from selfsup_segmentation.reproduce.bench.jobs import reference_frame
from selfsup_segmentation.reproduce.bench.measuring import timed
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


class Frames(keras.utils.PyDataset):
    """Batches of frames, in order; one worker, Keras' default.

    Args:
        count: frames.
        read: function of a frame's index that returns a dict of arrays.
        batch: frames in a batch.
    """

    def __init__(self, count, read, batch):
        super().__init__()
        self.count, self.read, self.batch = count, read, batch

    def __len__(self):
        return self.count // self.batch

    def __getitem__(self, index):
        frames = [self.read(index * self.batch + position) for position in range(self.batch)]
        return {name: np.stack([frame[name] for frame in frames]) for name in frames[0]}


def prepare(frames, size, batch, batches, decoded):
    """Arguments as for `our_input`.

    Args:
        decoded: folder where the frames are kept decoded; None to read the PNG files each time.
    """
    import_tensorflow()
    if decoded:
        _keep(frames, size, Path(decoded))

    def read(index):
        if decoded:
            with np.load(Path(decoded) / f"{index}.npz") as images:
                return reference_frame.prepare(images)
        return reference_frame.read(frames[index], size)

    data, indices = Frames(len(frames), read, batch), itertools.cycle(range(len(frames) // batch))

    def deliver():
        return {"seconds": timed(lambda: data[next(indices)], batches)["seconds"] / batch}

    return {}, {"input": deliver}


def _keep(frames, size, folder):
    folder.mkdir()
    for index, frame in enumerate(frames):
        np.savez(folder / f"{index}.npz", **reference_frame.decode(frame, size))  # not compressed
