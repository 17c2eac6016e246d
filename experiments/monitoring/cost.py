"""What runs cost, from the network's multiplications; no TensorFlow needed."""

import dataclasses
import heapq

# Multiply-adds of one 512x1024 image: the encoder once for each input stream, and a decoder for each task.
_MAC_ENCODER, _MAC_DECODER, _MAC_PIXELS = 19.1e9, 25.6e9, 512 * 1024
_TRAINING = 3  # a backward pass costs about two forward passes


def steps(run, train_frames):
    """Optimizer steps of a run: a remainder of frames is left out of each epoch."""
    return run.schedule.epochs * (train_frames // run.schedule.batch_size)


def flop_per_step(run):
    """Floating-point operations of a training step."""
    streams = len({"gray" if task == "color" else "lab" for task in run.tasks})
    macs = streams * _MAC_ENCODER + len(run.tasks) * _MAC_DECODER
    width, height = run.schedule.size
    return 2 * _TRAINING * macs * run.schedule.batch_size * width * height / _MAC_PIXELS


@dataclasses.dataclass(frozen=True)
class Schedule:
    """When a list of runs is over, in the unit of their durations.

    Attributes:
        end: of the last run.
        path: the longest chain of runs that need each other, in order.
        path_length: no number of slots ends it sooner.
        work_per_slot: all durations, shared out evenly: nor does any order.
    """

    end: float
    path: list[str]
    path_length: float
    work_per_slot: float

    @property
    def is_limited_by_path(self):
        """Whether the chain, rather than the number of slots, keeps it from ending sooner."""
        return self.path_length >= self.work_per_slot


def schedule(durations, needs, slots):
    """Each free slot takes the first run of the list whose needed run is over, as the executors do.

    Args:
        durations: by name, in the order of the list.
        needs: name of the run that one needs, by name; None, or one that is not in the list, for none.
        slots: runs at a time.
    """
    waiting, running, over, now = list(durations), [], set(), 0.0
    chain = {}  # name: (length, names) of the longest chain that ends with it
    while waiting or running:
        for name in list(waiting):
            needed = needs.get(name)
            if len(running) < slots and (needed is None or needed not in durations or needed in over):
                waiting.remove(name)
                heapq.heappush(running, (now + durations[name], name))
                length, names = chain.get(needed, (0.0, []))
                chain[name] = (length + durations[name], [*names, name])
        if not running:
            raise ValueError(f"runs that wait for each other: {', '.join(waiting)}")
        now, name = heapq.heappop(running)
        over.add(name)
    length, path = max(chain.values(), key=lambda found: found[0], default=(0.0, []))
    return Schedule(now, path, length, sum(durations.values()) / slots)
