"""Atomic checkpoints with checksums, and errors of the operating system that TensorFlow reports."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path

import tensorflow as tf

from selfsup_segmentation.data.errors import InputError, system_errno
from selfsup_segmentation.experiments.records.json_files import write_json
from selfsup_segmentation.experiments.records.store import without_pattern

KEEP = 2


class Checkpoints:
    """States of a run in ``<folder>/step-<n>/``, each with the checksums of its files.

    A state is written to a temporary folder that is renamed when it is complete. Restoring takes the newest
    one whose checksums are correct; the one before is kept for the case that they are not.

    Args:
        folder: folder of the run's checkpoints.
        minutes: minutes between two checkpoints of `save_if_due`.
        **tracked: Keras and TensorFlow objects that hold the complete state of the run.
    """

    def __init__(self, folder: Path, minutes: float = 10.0, **tracked):
        self.folder, self.minutes = Path(folder), minutes
        self._saved_at = time.monotonic()
        self._checkpoint = tf.train.Checkpoint(**tracked)
        self._damaged: set[Path] = set()

    def save(self, step: int):
        """Write the state after ``step`` steps, then remove all but the last two valid checkpoints."""
        self.save_as(f"step-{step:09d}")
        sound = [state for state in self.saved() if state not in self._damaged]
        for old in set(self.saved()) - set(sound[-KEEP:]):
            shutil.rmtree(old)
        self._saved_at = time.monotonic()

    def is_due(self):
        """Whether the last checkpoint is older than ``minutes``."""
        return time.monotonic() - self._saved_at >= 60 * self.minutes

    def save_if_due(self, step: int):
        """`save`, when it `is_due`."""
        if self.is_due():
            self.save(step)

    def save_as(self, name: str):
        """Write the state into the folder ``name``, atomically."""
        final, temporary = self.folder / name, self.folder / f"{name}.tmp"
        try:
            with system_errors(self.folder):
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir(parents=True)
                self._checkpoint.write(str(temporary / "state"))
                sums = {path.name: _checksum(path) for path in sorted(temporary.iterdir())}
                write_json(temporary / "SHA256.json", sums)
                for path in temporary.iterdir():  # on the disk, so that the rename survives a power failure
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
                shutil.rmtree(final, ignore_errors=True)
                temporary.rename(final)
            self._damaged.discard(final)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)  # an incomplete checkpoint only takes space
            raise

    def remove_all(self):
        """Remove the numbered checkpoints."""
        for state in self.saved():
            shutil.rmtree(state)

    def saved(self):
        """Folders of the complete checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if re.fullmatch(r"step-\d{9}", path.name))

    def restore(self, warn=print, at_most=None):
        """Restore the newest valid checkpoint.

        Args:
            warn: callable that takes a sentence for each damaged checkpoint that is skipped, and for each
                incomplete one, which is removed.
            at_most: skip checkpoints after more steps than this.

        Returns:
            Whether a checkpoint was restored.

        Raises:
            InputError: the checkpoint does not fit this run in this version.
        """
        for unfinished in self.folder.glob("*.tmp"):
            warn(f"checkpoint {unfinished} is incomplete and was removed")
            shutil.rmtree(unfinished)
        for folder in reversed(self.saved()):
            if at_most is not None and int(folder.name.removeprefix("step-")) > at_most:
                continue
            if not is_sound(folder):
                warn(
                    f"checkpoint {folder} is damaged and not used; it resumes from the one before it, or "
                    "starts again where there is none"
                )
                self._damaged.add(folder)
                continue
            try:
                with without_pattern(folder) as plain:
                    status = self._checkpoint.read(str(plain / "state"))
                    status.assert_existing_objects_matched().expect_partial()
            except AssertionError as error:
                raise InputError(
                    f"{folder} was written by another version of this program and cannot be resumed; "
                    f"remove {self.folder.parent} to run it again, or use that version."
                ) from error
            return True
        return False


def is_sound(folder: Path) -> bool:
    """Whether the files of a checkpoint match their checksums."""
    try:
        sums = json.loads((folder / "SHA256.json").read_text())
        return bool(sums) and all(_checksum(folder / name) == expected for name, expected in sums.items())
    except (OSError, ValueError, AttributeError):  # AttributeError: JSON, but no dict
        return False


def _checksum(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def system_errors(path):
    """Within this context TensorFlow's errors that the operating system caused are `OSError`.

    Args:
        path: path that was written to.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if (number := system_errno(error.message)) is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
