"""Read one image of a frame, or refuse it in one sentence.

All readers raise `FileError` for a file that is missing, damaged or of another kind. `check_frames` reads the
headers alone, and so checks a complete data set in seconds.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import FileError
from selfsup_segmentation.data.frames import Frame
from selfsup_segmentation.data.labels import KNOWN_IDS, other_coding
from selfsup_segmentation.data.png import GRAY8, GRAY16, RGB, read_pixels, read_size

_CONTENT = {"left": RGB, "right": RGB, "labels": GRAY8, "instances": GRAY16, "disparity": GRAY16}
RESTORE_LABELS = "unpack the original labels from their archive, not a conversion such as *_labelTrainIds.png"
NO_ROAD = f"and all other labels of its split show no road, and so are no label ids: {RESTORE_LABELS}."
_IS_KNOWN_ID = np.isin(np.arange(256), list(KNOWN_IDS))


def read_rgb(path: str | Path) -> np.ndarray:
    """An image: 8-bit RGB PNG, as RGB uint8 ``[H, W, 3]``."""
    return read_pixels(path, RGB, "an image")


def read_labels(path: str | Path) -> np.ndarray:
    """Read the label ids (not trainIds) of one frame.

    Args:
        path: 8-bit grey PNG, ``*_labelIds.png`` of Cityscapes or a file of KITTI's ``semantic``.

    Returns:
        uint8 ``[H, W]``, each value in `data.labels.KNOWN_IDS`; another value, or labels that are certainly
        in another coding (`data.labels.other_coding`), raise `FileError` as well.
    """
    labels = read_pixels(path, GRAY8, "a label file")
    if not _IS_KNOWN_ID[labels].all():
        unknown = np.unique(labels[~_IS_KNOWN_ID[labels]])
        listed = ", ".join(map(str, unknown[:8])) + (", …" if len(unknown) > 8 else "")
        raise FileError(
            f"{path} holds {listed}, which are no Cityscapes label ids (0..33 and 255): "
            "give the labelIds file, not colors or instances.",
            "label ids",
        )
    if coding := other_coding(labels):
        raise FileError(f"{path} holds {coding}, not label ids: {RESTORE_LABELS}.", "label ids")
    return labels


def read_instances(path: str | Path) -> np.ndarray:
    """Read the instance ids of one Cityscapes frame.

    Args:
        path: 16-bit grey PNG, ``*_instanceIds.png``.

    Returns:
        uint16 ``[H, W]``: ``label id * 1000 + k`` for single things, else the label id.
    """
    return read_pixels(path, GRAY16, "an instance file").astype(np.uint16)


def read_disparity(path: str | Path) -> np.ndarray:
    """Coded disparity, 16-bit grey PNG, as uint16 ``[H, W]`` file values; 8 bits are refused, not stretched.

    `data.disparity` decodes it.
    """
    return read_pixels(path, GRAY16, "a disparity file").astype(np.uint16)


def check_frames(frames: Iterable[Frame], threads: int = 16) -> None:
    """Compare the headers of all images of all frames, so that training does not stop in its second hour.

    Reads the header of each file. Calibrations are not opened.

    Args:
        frames: frames whose images must exist, be of the right kind and agree in size within the frame.
        threads: number of files opened at once; most of the time is spent waiting for the disk.

    Raises:
        InputError: the first file, in the order of `frames`, that is missing, no PNG, of the wrong kind, or
            of another size than the left image.
    """
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(_check_frame, frames):
            pass


def _check_frame(frame: Frame) -> None:
    size = None
    for content, kind in _CONTENT.items():
        path = getattr(frame, content)
        if path is None:
            continue
        found = read_size(path, kind, f"the {content} file of {frame.name}")
        size = size or found
        if found != size:
            raise InputError(
                f"{path} is {found[0]}×{found[1]} but {frame.left} is {size[0]}×{size[1]}: "
                "give files of the same size (both native, not resized)."
            )
