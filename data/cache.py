"""Cache of frames at the network's input size, decoded once to raw uint8, on disk or in memory.

On disk every image is one file without a header, written to a temporary name and renamed: any number of
readers and writers may share the folder, random access costs one read, and the operating system's page cache
does the rest. A file's name ends in the checksum of its content: a damaged one is decoded again before a run
trains on it.
"""

import contextlib
import hashlib
import math
import uuid
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from selfsup_segmentation.data.decode import read_labels, read_rgb
from selfsup_segmentation.data.disparity import resize_nearest
from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.labels import IGNORE, ids_to_train_ids
from selfsup_segmentation.data.png import RGB, read_size

CHANNELS = {"left": 3, "right": 3, "labels": 1}
FORMATS = {"left": 3, "right": 3, "labels": 4}  # of the cached files; part of their names


class FrameCache:
    """Left and right images and trainIds of frames at one size.

    Args:
        frames: frames in the order of the cache.
        size: (width, height) of the network's image, multiples of 32.
        parts: parts to decode: ``left``, and ``right`` and ``labels`` where the frames have them.
        fit: ``resize`` averages boxes of pixels (labels: nearest); ``pad`` keeps the pixels and repeats the
            right and lower edge up to ``size`` (labels: 255), as for KITTI, whose height no encoder divides.
        folder: folder of the files; None keeps the images in memory.

    Raises:
        InputError: a size that the network cannot take, or an image larger than ``size`` with ``pad``.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        size: tuple[int, int],
        parts: Sequence[str] = ("left", "right", "labels"),
        fit: str = "resize",
        folder: Path | None = None,
    ):
        if size[0] % 32 or size[1] % 32 or min(size) < 32:
            raise InputError(f"--size {size[0]}x{size[1]}: width and height must be multiples of 32")
        self.frames, self.size, self.parts, self.fit = list(frames), tuple(size), tuple(parts), fit
        self.folder = None if folder is None else Path(folder)
        with ThreadPoolExecutor() as pool:
            sizes = list(pool.map(lambda frame: read_size(frame.left, RGB, "an image"), frames))
        self.native_sizes = np.array(sizes, np.int32).reshape(-1, 2)
        if fit == "pad" and (self.native_sizes > np.array(size)).any():
            largest = self.native_sizes.max(axis=0)
            raise InputError(
                f"images of up to {largest[0]}x{largest[1]} do not fit into {size[0]}x{size[1]}: give a "
                "larger --size, or resize them with --set kitti_fit=resize"
            )
        self._memory: dict[str, np.ndarray] = {}
        self._paths: dict[str, list[str | None]] = {}

    def __len__(self):
        return len(self.frames)

    @property
    def valid_sizes(self):
        """(width, height) of the part of each image that is not padding, ``[frames, 2]``."""
        return self.native_sizes if self.fit == "pad" else np.tile(self.size, (len(self), 1)).astype(np.int32)

    def shape(self, part):
        """Shape of one image of a part: ``[H, W, 3]``, labels ``[H, W]``."""
        width, height = self.size
        return (height, width, 3) if CHANNELS[part] == 3 else (height, width)

    def build(self, progress: Callable[[int, int], None] | None = None):
        """Decode images that are missing or damaged, on all cores; a damaged source raises `InputError`."""
        jobs = [(part, index) for index in range(len(self)) for part in self.parts]
        if self.folder is None:
            self._memory = {part: np.empty((len(self), *self.shape(part)), np.uint8) for part in self.parts}
        else:
            with self._writing():
                self.folder.mkdir(parents=True, exist_ok=True)
            # Names without the checksum at their end.
            files = {p.name.removesuffix(".raw").rpartition(".")[0]: str(p) for p in self.folder.iterdir()}
            for part in self.parts:
                self._paths[part] = [files.get(self._name(part, frame)) for frame in self.frames]
            with ThreadPoolExecutor() as pool:
                sound = list(pool.map(lambda job: self._is_sound(*job), jobs))
            jobs = [job for job, is_sound in zip(jobs, sound, strict=True) if not is_sound]
        with ThreadPoolExecutor() as pool:
            for done, _ in enumerate(pool.map(lambda job: self._build_one(*job), jobs), start=1):
                if progress:
                    progress(done, len(jobs))

    def paths(self, part):
        """Paths of the raw files of a part, in the order of the frames; None in memory."""
        return self._paths.get(part)

    def array(self, part):
        """All images of a part ``[frames, ...]``; only for a cache in memory."""
        return self._memory[part]

    def image(self, part, index):
        """One image, uint8 of `shape`."""
        if self.folder is None:
            return self._memory[part][index]
        return np.fromfile(self._paths[part][index], np.uint8).reshape(self.shape(part))

    def images(self, part):
        """Re-iterable over the images of a part without padding; one at a time is in memory."""
        return _Images(self, part)

    def _name(self, part, frame):
        """Name of an image's file, without the checksum at its end."""
        source = getattr(frame, part)
        try:
            stat = source.stat()
        except OSError as error:
            raise InputError(f"{source} cannot be read ({error.strerror}); unpack it again") from error
        identity = (
            f"{FORMATS[part]} {source.resolve()} {stat.st_size} {stat.st_mtime_ns} {self.size} {self.fit}"
        )
        return f"{frame.name}.{part}.{hashlib.sha256(identity.encode()).hexdigest()[:16]}"

    def _is_sound(self, part, index):
        """Whether the file of an image exists and is undamaged."""
        path = self._paths[part][index]
        try:
            content = path and Path(path).read_bytes()
        except FileNotFoundError:
            return False
        size = math.prod(self.shape(part))
        return bool(content) and len(content) == size and path.endswith(_ending(content))

    def _build_one(self, part, index):
        source = getattr(self.frames[index], part)
        image = ids_to_train_ids(read_labels(source)) if part == "labels" else read_rgb(source)
        image = np.ascontiguousarray(fit_image(image, self.size, self.fit, labels=part == "labels"))
        if self.folder is None:
            self._memory[part][index] = image
            return
        path = self.folder / (self._name(part, self.frames[index]) + _ending(image))
        temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            with self._writing():
                temporary.write_bytes(image)
                temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._paths[part][index] = str(path)

    @contextlib.contextmanager
    def _writing(self):
        try:
            yield
        except OSError as error:
            raise InputError(
                f"the cache {self.folder} cannot be written ({error.strerror}); "
                "free space or name another with --cache"
            ) from error


def fit_image(image, size, fit, labels=False):
    """Fit an image to the network's input size.

    Args:
        image: uint8 ``[H, W, 3]``, or trainIds ``[H, W]``.
        size: (width, height) of the result, px; with ``pad`` not smaller than the image.
        fit: ``resize`` or ``pad``, see `FrameCache`.
        labels: whether the image is trainIds.

    Returns:
        uint8 ``[height, width, 3]``, or trainIds ``[height, width]``.
    """
    width, height = size
    if fit == "pad":
        below, right = height - image.shape[0], width - image.shape[1]
        pads = [(0, below), (0, right)] + [(0, 0)] * (image.ndim - 2)
        if labels:
            return np.pad(image, pads, constant_values=IGNORE)
        return np.pad(image, pads, mode="edge")
    if image.shape[:2] == (height, width):
        return image
    if labels:
        return resize_nearest(image, (height, width))
    picture, factors = Image.fromarray(image), (image.shape[1] // width, image.shape[0] // height)
    if image.shape[:2] == (factors[1] * height, factors[0] * width):  # whole factors: one rounding, not two
        return np.asarray(picture.reduce(factors))
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


class _Images:
    def __init__(self, cache, part):
        self.cache, self.part = cache, part

    def __iter__(self):
        for index, (width, height) in enumerate(self.cache.valid_sizes):
            yield self.cache.image(self.part, index)[:height, :width]


def checksum(content):
    """CRC-32 of bytes, 8 hexadecimal digits, the last part of the name of a cached file."""
    return f"{zlib.crc32(content):08x}"


def _ending(content):
    return f".{checksum(content)}.raw"
