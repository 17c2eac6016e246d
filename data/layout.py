"""The layout of a data set: paths of its files, their format, and the frames of each split.

A layout is one file with a `Layout`, such as `data.cityscapes`, and one entry in `data.layouts`.
Scanning lists each folder once and compares names in memory, because checking 20,000 files one by one takes
minutes on a network drive.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from selfsup_segmentation.data.calibration import Camera
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import is_clutter
from selfsup_segmentation.data.frames import PARTS, Frame


@dataclass(frozen=True)
class PartFiles:
    """Files of one part (an attribute of `Frame`) in one split.

    Attributes:
        folder: expected folder of the files, relative to the root.
        pattern: pattern of the paths relative to ``folder``, for messages.
        archive: name of the archive that contains the files, without ``.zip``.
        files: frame name → path of an existing file, relative to the root.
        path_of: function of a frame name that returns the expected path of its file, relative to the root.
        is_optional: whether frames may lack this part.
        note: remark of `data.verify` on this part, or None.
    """

    folder: str
    pattern: str
    archive: str
    files: dict[str, str]
    path_of: Callable[[str], str]
    is_optional: bool = False
    note: str | None = None

    def require(self, root: Path, names: Collection[str] = ()) -> None:
        """Raise `InputError` if no file exists, or a file of one of the frames ``names`` is missing."""
        if self.is_optional:
            return
        unpack = f"unpack {self.archive}.zip into {root}"
        if not self.files:
            folder = root / self.folder
            problem = f"contains no {self.pattern}" if folder.is_dir() else "does not exist"
            raise InputError(f"{folder} {problem}: {unpack}.")
        missing = [name for name in names if name not in self.files]
        if missing:
            others = f" (and {len(missing) - 1} more of this kind)" if len(missing) > 1 else ""
            raise InputError(f"{root / self.path_of(missing[0])} is missing{others}: {unpack} again.")


@dataclass(frozen=True)
class ReleasedSplit:
    """A split as the data set's authors released it.

    Attributes:
        frames: number of left images in the complete data set.
        needed: parts besides the left image that a verb reads.
        also: parts that no verb reads; `data.verify` checks them if they exist.
        purpose: clause that names the verbs that need the split.
    """

    frames: int
    needed: tuple[str, ...]
    also: tuple[str, ...]
    purpose: str


def _no_note(root: Path) -> None:
    return None


@dataclass(frozen=True, eq=False)
class Layout:
    """One layout of data sets.

    Attributes:
        name: name on the command line and in names of runs, e.g. ``cityscapes``.
        scenes_name: name of embedded street scenes in this layout, e.g. ``scenes``.
        title: name in messages, e.g. ``Cityscapes``.
        contents: some of the root's folders, for ``--help``.
        bases: folders of which every root contains at least one.
        folders: names of further folders of a root; a path that ends in one is recognized as too deep.
        splits: names of the splits of `find_frames`.
        released: name → split that `data.verify` checks.
        list_parts: function of (root, split, names of parts) that returns a dict of part to `PartFiles`.
        zero_disparity: value of 0 px in disparity files, which hold 256 steps per px; 0 is no measurement.
        read_camera: function of a path that returns its `Camera`, or raises `FileError`.
        scene_counts: function of the number of training frames that returns counts for ``write_scenes``.
        write_scenes: function that writes embedded street scenes, see `data.scenes`.
        scenes_size: default (width, height) of embedded street scenes, px.
        demo_size: (width, height) of embedded street scenes at demo scale, px.
        demo_counts: counts for ``write_scenes`` at demo scale.
        widths, heights: ranges of the native image size, px.
        native_size: native image size in messages.
        has_one_size: whether all images of a split have the same size.
        fits: methods of fitting images to the network's input size (`data.cache.FrameCache`), default first.
        select: function of (root, all frame names, split, split_seed) that returns the names of a split.
        check: function of (root, frames with labels) that raises `InputError` if files are inconsistent.
        note: function of the root that returns a sentence to print with every result on this data, or None.
    """

    name: str
    scenes_name: str
    title: str
    contents: str
    bases: tuple[str, ...]
    folders: frozenset[str]
    splits: tuple[str, ...]
    released: dict[str, ReleasedSplit]
    list_parts: Callable[[Path, str, Iterable[str]], dict[str, PartFiles]]
    zero_disparity: int
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
    select: Callable[[Path, list[str], str, int], list[str]] | None = None
    check: Callable[[Path, list[Frame]], None] | None = None
    note: Callable[[Path], str | None] = _no_note

    def find_frames(
        self, root: str | Path, split: str, need: Collection[str] = ("right", "labels"), split_seed: int = 0
    ) -> list[Frame]:
        """Frames of one split, sorted by name; opens no file except those that ``check`` compares.

        Args:
            root: folder of the data set; ``~`` is expanded, relative paths stay relative.
            split: one of ``splits``.
            need: attributes of `Frame` to set besides the left image; the others are None.
            split_seed: seed of the random choice of validation frames, ≥ 0; 0 is the stored choice.

        Returns:
            At least one frame; all of its files exist.

        Raises:
            InputError: the root, a folder or a file is missing, the split is unknown or empty, or these
                frames cannot be split at random.
            ValueError: ``need`` has an element that is not an attribute of `Frame`.
        """
        if split not in self.splits:
            raise InputError(f"{self.title} has no split {split!r}: choose one of {', '.join(self.splits)}.")
        if isinstance(need, str) or set(need) - set(PARTS):
            raise ValueError(f"need is a collection of {', '.join(PARTS)}, got {need!r}.")
        root = Path(root).expanduser()
        parts = self.scan(root, split, [part for part in PARTS if part == "left" or part in need])
        parts["left"].require(root)
        names = sorted(parts["left"].files)
        if self.select:
            names = self.select(root, names, split, split_seed)
        for part in parts.values():
            part.require(root, names)
        frames = [
            Frame(name, **{key: root / part.files[name] for key, part in parts.items() if name in part.files})
            for name in names
        ]
        if self.check and "labels" in need:
            self.check(root, frames)
        return frames

    def scan(self, root: Path, split: str, parts: Iterable[str]) -> dict[str, PartFiles]:
        """List the files of a split.

        Args:
            root: folder of the data set.
            split: name of the split.
            parts: names of the parts; they include ``left``.

        Returns:
            Dict of part to `PartFiles`.

        Raises:
            InputError: the root does not have this layout, or a folder cannot be listed.
        """
        try:
            listed = self.list_parts(root, split, parts)
        except OSError as error:
            raise InputError(
                f"{error.filename} cannot be listed ({error.strerror}): give this user the right to read it."
            ) from error
        if not any((root / base).is_dir() for base in self.bases):
            raise self._refusal(root, listed["left"].archive)
        return listed

    def read_disparity(self, path: str | Path):
        """Measured disparity of one frame.

        Args:
            path: 16-bit grey PNG.

        Returns:
            float32 ``[H, W]``, px at the file's own width, NaN where there is no measurement.

        Raises:
            FileError: the file is missing, damaged or of another kind.
        """
        # NumPy is imported on first use, so that verbs that read no image start faster.
        from selfsup_segmentation.data.decode import read_disparity
        from selfsup_segmentation.data.disparity import decode

        return decode(read_disparity(path), self.zero_disparity)

    def fit(self, preferred: str) -> str:
        """Method of fitting images to the network's input size; the preferred one if it is in ``fits``."""
        return preferred if preferred in self.fits else self.fits[0]

    def _refusal(self, root: Path, archive: str) -> InputError:
        """Error that suggests the folder that was probably meant."""
        base = self.bases[0]
        if not root.is_dir():
            problem = "is not a folder" if root.exists() else "does not exist"
            return InputError(f"{root} {problem}: give the folder that contains {self.title}'s {base}.")
        path = root.absolute()
        inside = {base, *self.folders}
        above = [folder.parent for folder in (path, *path.parents[:2]) if folder.name in inside]
        found = [path.parent for path in root.glob(f"*/{base}") if path.is_dir()]
        below = sorted(folder for folder in found if not is_clutter(folder.name))
        if above:
            fix = f"give {above[0]} instead."
        elif len(below) == 1 and not below[0].name.startswith(base):
            fix = f"give {below[0]} instead."
        elif below:
            fix = f"unpack all archives into one folder ({below[0]} holds only part of the data set)."
        else:
            fix = f"unpack {archive}.zip there or give another folder."
        return InputError(f"{root} contains no folder {base}: {fix}")
