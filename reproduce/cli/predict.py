"""``reproduce predict``: predictions of a finished run on any images."""

import sys
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.files import CLUTTER
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.finished_run import open_run
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow


def add_options(parser):
    """Options of the verb."""
    parser.add_argument("run", metavar="RUN", help="run directory; its data is not needed")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files, or folders with all below them")
    parser.add_argument("--out", metavar="DIR", help="where predictions go (RUN/predictions)")
    parser.add_argument("--label-ids", action="store_true", help="label ids rather than trainIds")


def run(request):
    """Predict every image; those that cannot be read are named at the end, and the exit code is 2."""
    finished = open_run(request)
    out = finished.folder / "predictions"
    if request.out is not None:
        out = arguments.named_path(request.out, "--out")
    arguments.refuse_in_data(out, "--out", finished.description["data"]["root"])
    images = _find_images(request.images)
    import_tensorflow()
    from selfsup_segmentation.data.pictures import read_picture
    from selfsup_segmentation.reproduce.figures.predictions import LARGEST, names_of, write_prediction

    names = names_of(finished.run.tasks, request.label_ids)
    _refuse_to_overwrite(images, out, names)
    arguments.make_folder(out, "--out")
    network, progress = finished.network, arguments.progress_line("predicting")
    failed, clipped = [], 0
    for done, (stem, path) in enumerate(images.items(), start=1):
        try:
            image = read_picture(path)
            prediction = network.predict(image)
        except InputError as error:
            print(error, file=sys.stderr)
            failed.append(path)
        else:
            (out / stem).parent.mkdir(parents=True, exist_ok=True)
            clipped += write_prediction(image, prediction, out / stem, request.label_ids)
        progress(done, len(images))
    if clipped:
        print(f"{clipped} of the 16-bit disparity files hold {LARGEST:.1f} px where more was predicted")
    files = ", ".join(f"*_{name}.png" for name in names)
    print(f"wrote {files} of {len(images) - len(failed)} images to {out}")
    if failed:
        named = f"{', '.join(map(str, failed[:5]))}{', …' * (len(failed) > 5)}; fix or leave them out"
        raise InputError(f"{len(failed)} of {len(images)} images cannot be read: {named}.")


def _find_images(paths):
    """Images by the stem of their predictions; the stem of an image in a folder is its path below that."""
    from selfsup_segmentation.data.pictures import find_pictures

    images, named = {}, [arguments.named_path(text, "IMAGE") for text in paths]
    # A shell's * gives what the search of a folder leaves out.
    for path in [path for path in named if path.name.lower() not in CLUTTER] or named:
        if not path.exists():
            raise InputError(f"{path} does not exist; name image files, or folders of them.")
        files = find_pictures(path) if path.is_dir() else [path]
        for file in files:
            stem = (file.relative_to(path) if path.is_dir() else Path(file.name)).with_suffix("")
            twin = images.setdefault(stem, file)
            if twin.resolve() != file.resolve():
                problem = f"{twin} and {file} would be predicted into the same files"
                raise InputError(f"{problem}; give each its own --out.")
    return images


def _refuse_to_overwrite(images, out, names):
    given = {path.resolve() for path in images.values()}
    targets = (out / f"{stem}_{name}.png" for stem in images for name in names)
    for target in targets:
        if target.resolve() in given:
            raise InputError(f"{target} is one of the images; name another folder with --out.")
