"""What runs cost, from the network's multiplications; no TensorFlow needed."""

from selfsup_segmentation.experiments.tasks import by_stream
from selfsup_segmentation.experiments.weightings import FOR_ONE_TASK

# Multiply-adds of one 512x1024 image: the encoder once for each input stream, and a decoder for each task.
_MAC_ENCODER, _MAC_DECODER, _MAC_PIXELS = 19.1e9, 25.6e9, 512 * 1024
_BACKWARD = 2  # a backward pass costs about two forward passes


def steps(run, train_frames):
    """Optimizer steps of a run: a remainder of frames is left out of each epoch."""
    return run.schedule.epochs * (train_frames // run.schedule.batch_size)


def flop_per_step(run):
    """Floating-point operations of a training step."""
    streams = by_stream(run.tasks)
    macs = (1 + _BACKWARD) * (len(streams) * _MAC_ENCODER + len(run.tasks) * _MAC_DECODER)
    if run.weighting in FOR_ONE_TASK:  # the gradient of each task
        macs += _BACKWARD * (len(run.tasks) - len(streams)) * _MAC_ENCODER
    width, height = run.schedule.size
    return 2 * macs * run.schedule.batch_size * width * height / _MAC_PIXELS
