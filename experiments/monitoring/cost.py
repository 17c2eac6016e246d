"""What runs cost, from the network's multiplications; no TensorFlow needed."""

from selfsup_segmentation.experiments.tasks import by_stream

# Multiply-adds of one 512x1024 image: the encoder once for each input stream, and a decoder for each task.
_MAC_ENCODER, _MAC_DECODER, _MAC_PIXELS = 19.1e9, 25.6e9, 512 * 1024
_TRAINING = 3  # a backward pass costs about two forward passes


def steps(run, train_frames):
    """Optimizer steps of a run: a remainder of frames is left out of each epoch."""
    return run.schedule.epochs * (train_frames // run.schedule.batch_size)


def flop_per_step(run):
    """Floating-point operations of a training step."""
    macs = len(by_stream(run.tasks)) * _MAC_ENCODER + len(run.tasks) * _MAC_DECODER
    width, height = run.schedule.size
    return 2 * _TRAINING * macs * run.schedule.batch_size * width * height / _MAC_PIXELS
