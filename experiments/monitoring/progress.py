"""How far runs are, on one line: rewritten on a terminal, once an epoch elsewhere."""

import shutil
import sys
import time

import keras

from selfsup_segmentation.experiments.monitoring.time_left import duration

REWRITE_SECONDS = 0.2


def is_live(progress):
    """Whether an `experiments.options.Options.progress` asks for a line that is rewritten."""
    return progress == "bar" or (progress == "auto" and sys.stdout.isatty())


class LiveLine:
    """A line of a terminal that is rewritten in place, below the others.

    Args:
        stream: that is written to.
    """

    def __init__(self, stream=None):
        self._stream = stream or sys.stdout

    def show(self, text):
        """Rewrite it, no wider than the terminal."""
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{text[:width]}", end="", file=self._stream, flush=True)

    def leave(self):
        """Leave it as it is, and go to the next."""
        print(file=self._stream, flush=True)

    def above(self, write):
        """A function that writes as ``write`` does, in the line's place; `show` brings the line back."""

        def write_above(text):
            self.show("")
            write(text)

        return write_above


class Pace:
    """Speed of a run since its first report; tracing and the first steps do not count.

    Args:
        epochs, steps: of the run, and of an epoch.
        clock: returns seconds.
    """

    def __init__(self, epochs, steps, clock=time.monotonic):
        self.total, self._clock, self._first = epochs * steps, clock, None

    def seconds_left(self, done):
        """Seconds to the end of the training after ``done`` steps, validations included; None at first."""
        now = self._clock()
        if self._first is None:
            self._first = (done, now)
        first, started = self._first
        return None if done <= first else (now - started) / (done - first) * (self.total - done)


class EpochLine(keras.callbacks.Callback):
    """One line an epoch, for logs and pipes.

    Args:
        name: of the run.
        write: takes the line.
    """

    def __init__(self, name, write=print):
        super().__init__()
        self.name, self.write, self._pace = name, write, None

    def on_train_batch_end(self, batch, logs=None):
        """Begin to measure."""
        if self._pace is None:
            self._pace = Pace(self.params["epochs"], self.params["steps"])
            self._pace.seconds_left(self._epoch * self.params["steps"] + batch + 1)

    def on_epoch_begin(self, epoch, logs=None):
        """Remember which it is."""
        self._epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        """Write the line."""
        numbers = " ".join(f"{key} {value:.4g}" for key, value in (logs or {}).items() if value == value)
        seconds = self._pace and self._pace.seconds_left((epoch + 1) * self.params["steps"])
        left = f", {duration(seconds)} left" if seconds else ""
        self.write(f"{self.name}: epoch {epoch + 1}/{self.params['epochs']} {numbers}{left}")


class RunLine(keras.callbacks.Callback):
    """One line a run, rewritten as it goes on, for a terminal; the executor's line above it names the run.

    Args:
        batch_size: stereo pairs a step.
        stream: that is written to.
        clock: returns seconds.
    """

    def __init__(self, batch_size, stream=None, clock=time.monotonic):
        super().__init__()
        self.batch_size, self._clock = batch_size, clock
        self._line = LiveLine(stream)
        self._pace, self._epoch, self._validated, self._shown = None, 0, "", None

    def on_train_begin(self, logs=None):
        """Begin to measure."""
        self._pace = Pace(self.params["epochs"], self.params["steps"], self._clock)

    def on_epoch_begin(self, epoch, logs=None):
        """Measure the speed of this epoch alone."""
        self._epoch, self._from = epoch, None

    def on_train_batch_end(self, batch, logs=None):
        """Rewrite the line, unless that was done a moment ago."""
        now = self._clock()
        if self._from is None:
            self._from = (batch, now)
        left = self._pace.seconds_left(self._epoch * self.params["steps"] + batch + 1)
        is_last = batch + 1 == self.params["steps"]
        if self._shown is not None and now - self._shown < REWRITE_SECONDS and not is_last:
            return
        self._shown = now
        steps, seconds = batch - self._from[0], now - self._from[1]
        parts = [
            f"epoch {self._epoch + 1}/{self.params['epochs']} step {batch + 1}/{self.params['steps']}",
            f"{duration(left)} left" if left is not None else "",
            f"{steps * self.batch_size / seconds:.3g} images/s" if steps and seconds else "",
            " ".join(f"{key.removeprefix('loss_')} {value:.3g}" for key, value in (logs or {}).items()),
            self._validated,
        ]
        self._line.show(f"  {', '.join(filter(None, parts))}")

    def on_epoch_end(self, epoch, logs=None):
        """Keep the last validation in sight."""
        miou = (logs or {}).get("val_sem_miou")
        if miou is not None and miou == miou:
            self._validated = f"mIoU {miou:.3f} after epoch {epoch + 1}"

    def on_train_end(self, logs=None):
        """Leave the line as it is."""
        if self._shown is not None:
            self._line.leave()
