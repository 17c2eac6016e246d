"""What is written while a run trains: a line or a bar, history.csv and TensorBoard's events."""

import sys

import keras


class EpochLine(keras.callbacks.Callback):
    """One line an epoch, for logs and pipes.

    Args:
        name: of the run.
        write: takes the line.
    """

    def __init__(self, name, write=print):
        super().__init__()
        self.name, self.write = name, write

    def on_epoch_end(self, epoch, logs=None):
        """Write the line."""
        numbers = " ".join(f"{key} {value:.4g}" for key, value in (logs or {}).items() if value == value)
        self.write(f"{self.name}: epoch {epoch + 1}/{self.params['epochs']} {numbers}")


def history_callbacks(run, folder, options):
    """Keras' callbacks for a run: progress, ``history.csv`` (append), ``tensorboard/``."""
    folder.mkdir(parents=True, exist_ok=True)
    callbacks = [keras.callbacks.CSVLogger(str(folder / "history.csv"), append=True)]
    if options.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(folder / "tensorboard"), write_graph=False))
    if options.progress == "bar" or (options.progress == "auto" and sys.stdout.isatty()):
        callbacks.append(keras.callbacks.ProgbarLogger())
    elif options.progress != "none":
        callbacks.append(EpochLine(str(run)))
    return callbacks
