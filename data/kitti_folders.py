"""Where KITTI's archives put their files, or which archive is missing.

The archives may have been unpacked together, or side by side, each into a folder of its own name.
"""

from pathlib import Path

from selfsup_segmentation.data.errors import InputError

_ARCHIVES = ("data_scene_flow", "data_semantics", "data_scene_flow_calib")
# Attribute of a Frame -> (folders in order of preference, archive without its ending).
PARTS = {
    "left": (("image_2",), "data_scene_flow"),
    "right": (("image_3",), "data_scene_flow"),
    "labels": (("semantic",), "data_semantics"),
    "instances": (("instance",), "data_semantics"),
    "disparity": (("disp_occ_0", "disp_noc_0"), "data_scene_flow"),
    "camera": (("calib_cam_to_cam",), "data_scene_flow_calib"),
}
COMMON_CALIBRATION = "calib_cam_to_cam.txt"  # of all frames, where they have none of their own
_SUFFIX = "_10.png"  # the annotated first frame of each pair in time; _11 is the second


def list_names(root: Path) -> list[str]:
    """Names such as ``000007_10`` of all left images, sorted.

    Raises:
        InputError: ``root`` is not the folder of KITTI, or has no such images.
    """
    _require_root(root)
    folder = find_folder(root, "left")
    names = sorted(
        name.removesuffix(".png")
        for name in _list_folder(folder)
        if name.endswith(_SUFFIX) and name[0] != "."
    )
    if not names:
        raise InputError(f"{folder} contains no *{_SUFFIX}: unpack data_scene_flow.zip into {root} again.")
    return names


def search_folder(root: Path, attribute: str) -> Path | None:
    """Folder of an attribute of `data.frames.Frame`, or None where it is not there."""
    candidates = (base / folder for folder in PARTS[attribute][0] for base in _bases(root))
    return next((folder for folder in candidates if folder.is_dir()), None)


def find_folder(root: Path, attribute: str) -> Path:
    """What `search_folder` finds; raises `InputError` where that is nothing."""
    folder = search_folder(root, attribute)
    if folder is None:
        folders, archive = PARTS[attribute]
        wanted = " or ".join(f"training/{name}" for name in folders)
        raise InputError(f"{root} contains no folder {wanted}: unpack {archive}.zip into it.")
    return folder


def list_files(root: Path, attribute: str, names: list[str]) -> list[Path]:
    """The images of an attribute by frame; raises `InputError` where one is missing."""
    folder = find_folder(root, attribute)
    return _require_listed(root, attribute, folder, [f"{name}.png" for name in names])


def list_cameras(root: Path, attribute: str, names: list[str]) -> list[Path | None]:
    """The calibrations by frame: its own, else the one of all frames, else None."""
    folder = search_folder(root, attribute)
    if folder is None:
        common = root / COMMON_CALIBRATION
        return [common if common.is_file() else None] * len(names)
    return _require_listed(root, attribute, folder, [f"{name.removesuffix('_10')}.txt" for name in names])


def _require_root(root: Path) -> None:
    if not root.is_dir():
        problem = "is not a folder" if root.exists() else "does not exist"
        raise InputError(
            f"{root} {problem}: give the folder into which KITTI's data_scene_flow.zip was unpacked."
        )
    if any(base.is_dir() for base in _bases(root)):
        return
    above = [
        folder.parent for folder in (root.absolute(), root.absolute().parent) if folder.name == "training"
    ]
    below = sorted(path.parent for path in root.glob("*/training") if path.is_dir())
    if above or below:
        mend = f"give {(above + below)[0]} instead."
    else:
        mend = "unpack data_scene_flow.zip and data_semantics.zip there or give another folder."
    raise InputError(f"{root} contains no folder training: {mend}")


def _bases(root: Path) -> list[Path]:
    """The ``training`` folders that may hold a part, in order of preference."""
    return [folder / "training" for folder in (root, *(root / archive for archive in _ARCHIVES))]


def _require_listed(root: Path, attribute: str, folder: Path, files: list[str]) -> list[Path]:
    present = _list_folder(folder)
    missing = [file for file in files if file not in present]
    if missing:
        more = f" (and {len(missing) - 1} more of this kind)" if len(missing) > 1 else ""
        raise InputError(
            f"{folder / missing[0]} is missing{more}: unpack {PARTS[attribute][1]}.zip into {root} again."
        )
    return [folder / file for file in files]


def _list_folder(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except OSError as error:
        raise InputError(
            f"{folder} cannot be listed ({error.strerror}): give this user the right to read it."
        ) from error
