"""Batches from a torch DataLoader with two processes that prepare frames with PIL and scikit-image."""

import itertools

import torch

from selfsup_segmentation.reproduce.bench.jobs import reference_frame
from selfsup_segmentation.reproduce.bench.measuring import timed

PROCESSES = 2


class Frames(torch.utils.data.IterableDataset):
    """Frames of `reference_frame.read` without end; each process has its share."""

    def __init__(self, frames, size):
        self.frames, self.size = frames, size

    def __iter__(self):
        first = torch.utils.data.get_worker_info().id
        for frame in itertools.islice(itertools.cycle(self.frames), first, None, PROCESSES):
            yield reference_frame.read(frame, self.size)


def prepare(frames, size, batch, batches):
    """Arguments as for `our_input`."""
    loader = torch.utils.data.DataLoader(
        Frames(frames, size), batch_size=batch, num_workers=PROCESSES, persistent_workers=True
    )
    delivered = iter(loader)
    ahead = PROCESSES * loader.prefetch_factor

    def deliver():
        for _ in range(ahead):  # were prepared while nobody timed
            next(delivered)
        return {"seconds": timed(lambda: next(delivered), batches)["seconds"] / batch}

    return {"processes": PROCESSES}, {"input": deliver}
