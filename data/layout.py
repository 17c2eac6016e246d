"""The layout of a data set: where its files are, how they are coded, and which frames make a split.

A layout is one file with a `Layout`, such as `data.cityscapes`, and one entry in `data.layouts`.
Scanning reads each folder once and compares names in memory, because asking for 20,000 files one by one takes
minutes on a network drive.
"""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from selfsup_segmentation.data.calibration import Camera
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.frames import PARTS, Frame


@dataclass(frozen=True)
class PartFiles:
    """Files of one part (an attribute of `Frame`) in one split.

    Attributes:
        folder: where they are, or belong, below the root.
        pattern: of their paths below ``folder``, for messages.
        archive: name of the archive that brings them, without ``.zip``.
        files: frame name → path below the root.
        path_of: function of a frame name that returns where its file belongs below the root.
        is_optional: whether frames may lack it.
        note: what `data.verify` remarks, or None.
    """

    folder: str
    pattern: str
    archive: str
    files: dict[str, str]
    path_of: Callable[[str], str]
    is_optional: bool = False
    note: str | None = None

    def require(self, root: Path, names: Collection[str] = ()) -> None:
        """Raise `InputError` where there is no such file, or none of some frames."""
        if self.is_optional:
            return
        unpack = f"unpack {self.archive}.zip into {root}"
        if not self.files:
            folder = root / self.folder
            problem = f"contains no {self.pattern}" if folder.is_dir() else "does not exist"
            raise InputError(f"{folder} {problem}: {unpack}.")
        missing = [name for name in names if name not in self.files]
        if missing:
            more = f" (and {len(missing) - 1} more of this kind)" if len(missing) > 1 else ""
            raise InputError(f"{root / self.path_of(missing[0])} is missing{more}: {unpack} again.")


@dataclass(frozen=True)
class ReleasedSplit:
    """A split as the data set's authors released it.

    Attributes:
        frames: number of left images in the complete data set.
        needed: parts that some verb reads besides the left image.
        also: parts that no verb reads; `data.verify` checks them where they exist.
        purpose: which verbs need it, a clause.
    """

    frames: int
    needed: tuple[str, ...]
    also: tuple[str, ...]
    purpose: str


def _no_note(root: Path) -> None:
    return None


def _all_names(root: Path, names: list[str], split: str, split_seed: int) -> list[str]:
    return names


def _accept(root: Path, frames: list[Frame]) -> None:
    pass


@dataclass(frozen=True, eq=False)
class Layout:
    """One layout of data sets.

    Attributes:
        name: on the command line and in the names of runs, e.g. ``cityscapes``.
        scenes_name: the same for embedded street scenes in this layout.
        title: for messages, e.g. ``Cityscapes``.
        bases: folders, at least one of which every root contains.
        folders: further folders by which a path inside the root is recognized.
        splits: what `find_frames` takes.
        released: splits that `data.verify` checks, by name.
        list_parts: function of (root, split, parts) that returns `PartFiles` by part.
        decode_disparity: function of uint16 ``[H, W]`` file values that returns float32 ``[H, W]``, px at the
            file's own width, NaN where there is no measurement.
        read_camera: function of a path that returns its `Camera`, or raises `FileError`.
        scene_counts: function of a number of training frames that returns what ``write_scenes`` takes.
        write_scenes: function that writes embedded street scenes, see `data.scenes`.
        scenes_size, demo_size: (width, height) of embedded street scenes, px, by default and at demo scale.
        demo_counts: number of scenes at demo scale, as ``write_scenes`` takes it.
        widths, heights: ranges of the native image size, px.
        native_size: the same for messages.
        has_one_size: whether all images of a split have the same size.
        fits: how images can become the size of the network (`data.cache.FrameCache`), the default first.
        select: function of (root, all names, split, split_seed) that returns the names of a split.
        check: function of (root, frames with labels) that raises `InputError` where they do not fit together.
        note: function of the root that returns a sentence that belongs on every number of this data, or None.
    """

    name: str
    scenes_name: str
    title: str
    bases: tuple[str, ...]
    folders: frozenset[str]
    splits: tuple[str, ...]
    released: dict[str, ReleasedSplit]
    list_parts: Callable[[Path, str, Iterable[str]], dict[str, PartFiles]]
    decode_disparity: Callable
    read_camera: Callable[[str | Path], Camera]
    scene_counts: Callable[[int], dict[str, int] | int]
    write_scenes: Callable[..., None]
    scenes_size: tuple[int, int]
    demo_size: tuple[int, int]
    demo_counts: dict[str, int] | int
    widths: range
    heights: range
    native_size: str
    has_one_size: bool
    fits: tuple[str, ...] = ("resize",)
    select: Callable[[Path, list[str], str, int], list[str]] = _all_names
    check: Callable[[Path, list[Frame]], None] = _accept
    note: Callable[[Path], str | None] = _no_note

    def find_frames(
        self, root: str | Path, split: str, need: Collection[str] = ("right", "labels"), split_seed: int = 0
    ) -> list[Frame]:
        """Frames of one split, sorted by name; no file is opened, apart from those that ``check`` compares.

        Args:
            root: folder of the data set; ``~`` is expanded, relative paths stay relative.
            split: one of ``splits``.
            need: attributes of `Frame` to fill in besides the left image; the others are None.
            split_seed: seed of the random choice of validation frames; 0 is the committed one.

        Returns:
            At least one frame; each file was listed in its folder.

        Raises:
            InputError: the root, a folder or a file is missing, the split is unknown or empty, or it cannot
                be drawn from these frames.
            ValueError: ``need`` holds what is no attribute of `Frame`.
        """
        if split not in self.splits:
            raise InputError(f"{self.title} has no split {split!r}: choose one of {', '.join(self.splits)}.")
        if isinstance(need, str) or set(need) - set(PARTS):
            raise ValueError(f"need is a collection of {', '.join(PARTS)}, got {need!r}.")
        root = Path(root).expanduser()
        found = self.scan(root, split, [part for part in PARTS if part == "left" or part in need])
        found["left"].require(root)
        names = self.select(root, sorted(found["left"].files), split, split_seed)
        for part in found.values():
            part.require(root, names)
        frames = [
            Frame(name, **{key: root / part.files[name] for key, part in found.items() if name in part.files})
            for name in names
        ]
        if "labels" in need:
            self.check(root, frames)
        return frames

    def scan(self, root: Path, split: str, parts: Iterable[str]) -> dict[str, PartFiles]:
        """List the files of some parts of a split; ``left`` is one of them.

        Raises:
            InputError: the root is not one of this layout, or a folder may not be listed.
        """
        try:
            found = self.list_parts(root, split, parts)
        except OSError as error:
            raise InputError(
                f"{error.filename} cannot be listed ({error.strerror}): give this user the right to read it."
            ) from error
        if not any((root / base).is_dir() for base in self.bases):
            raise self._refusal(root, found["left"].archive)
        return found

    def read_disparity(self, path: str | Path):
        """Measured disparity of one frame.

        Args:
            path: 16-bit grey PNG.

        Returns:
            float32 ``[H, W]``, px at the file's own width, NaN where there is no measurement.

        Raises:
            FileError: the file is missing, damaged or of another kind.
        """
        # Imported here, like all that brings numpy: verbs that read no image do not wait for it.
        from selfsup_segmentation.data.decode import read_disparity

        return self.decode_disparity(read_disparity(path))

    def fit(self, asked: str) -> str:
        """How images become the size of the network: as asked for where this layout has a choice."""
        return asked if asked in self.fits else self.fits[0]

    def _refusal(self, root: Path, archive: str) -> InputError:
        """Name the folder that was probably meant."""
        base = self.bases[0]
        if not root.is_dir():
            problem = "is not a folder" if root.exists() else "does not exist"
            return InputError(f"{root} {problem}: give the folder that contains {self.title}'s {base}.")
        path = root.absolute()
        inside = {base, *self.folders}
        above = [folder.parent for folder in (path, *path.parents[:2]) if folder.name in inside]
        below = sorted(path.parent for path in root.glob(f"*/{base}") if path.is_dir())
        if above:
            fix = f"give {above[0]} instead."
        elif len(below) == 1 and not below[0].name.startswith(base):
            fix = f"give {below[0]} instead."
        elif below:
            fix = f"unpack all archives into one folder ({below[0]} holds only part of the data set)."
        else:
            fix = f"unpack {archive}.zip there or give another folder."
        return InputError(f"{root} contains no folder {base}: {fix}")


def list_files(folder: str | Path, suffix: str) -> list[str]:
    """Names of a folder's files that end in a suffix, without it; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return [
                entry.name.removesuffix(suffix)
                for entry in entries
                if entry.name.endswith(suffix) and not entry.name.startswith(".")  # macOS leaves ._ files
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def list_folders(folder: str | Path) -> list[str]:
    """Names of a folder's folders; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
