"""Images for a page: those beside the table, and new ones of predictions."""

import base64
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.records.json_files import read_json
from selfsup_segmentation.experiments.run import Run, shortened
from selfsup_segmentation.reproduce.formats.numbers import signed
from selfsup_segmentation.reproduce.tables.comparison import Table
from selfsup_segmentation.reproduce.tables.document import table_lines
from selfsup_segmentation.reproduce.tables.significance import in_words

WIDTH = 1400  # px; a page must stay small
QUALITY = 82  # of JPEG
COUNT = 3  # validation images in a new file


@dataclasses.dataclass(frozen=True)
class EmbeddedImage:
    """An image inside the page.

    Attributes:
        data: data URI.
        size: (width, height) in px.
        caption: paragraphs.
    """

    data: str
    size: tuple[int, int]
    caption: tuple[str, ...]


def best_and_baseline(table: Table, shown: Sequence[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """(description, run) of the highest mIoU here of a row with a baseline, and of that baseline.

    Without a finished baseline, of the highest mIoU alone.

    Args:
        table: table of the runs.
        shown: (name of the row, run); the first seed of each represents its row.
    """
    runs = {}
    for name, run in shown:
        runs.setdefault((name, run.init), run)
    column = next((column for column in table.columns if column.task == "seg"), None)
    lines = [(row.name, init) for _, row, init in table_lines(table)]
    cells = [table.cell(*line, column.metric) for line in lines if column and line in runs]
    cells = [cell for cell in cells if cell.values]
    if not cells:
        return []
    compared = [cell for cell in cells if cell.baseline and cell.baseline_row != cell.row]
    best = max(compared or cells, key=lambda cell: cell.mean)
    chosen = [("Highest mIoU here", best.row)]
    if compared:
        chance = f"gain {signed(best.gain)}, {in_words(best.significant)}"
        chosen = [(f"Highest mIoU here of a row with a baseline ({chance})", best.row)]
    chosen += [("Its baseline", best.baseline_row)] if compared else []
    return [(description, runs[row, best.init]) for description, row in chosen if (row, best.init) in runs]


def draw_samples(run: Run, store, library, folder: Path) -> Path | None:
    """Draw predictions of a finished run, unless the file is newer than its results.

    Args:
        run: finished run.
        store: store of the run.
        library: `experiments.datasets.library.Library` of its data; None to draw nothing.
        folder: folder for the image.

    Returns:
        Path of the image; None if there are no weights, or there is neither an image nor a library.

    Raises:
        InputError: the weights are damaged.
    """
    run_folder = store.finished_folder(run)
    needed = [run_folder / "checkpoint/final", run_folder / "statistics.npz"]
    path = folder / f"samples-{shortened(run.folder.replace('/', '-'), 200)}.png"
    if path.is_file() and path.stat().st_mtime >= (run_folder / "metrics.json").stat().st_mtime:
        return path
    if library is None or not all(file.exists() for file in needed):
        return None
    from selfsup_segmentation.reproduce.figures.samples import write_samples  # imports TensorFlow

    print(f"drawing {path}")
    write_samples(FinishedRun.open(run_folder), library, path, COUNT)
    return path


def embed(path: Path, caption: Sequence[str] = ()) -> EmbeddedImage:
    """An image file for the page, no larger than a screen needs.

    Args:
        path: PNG file.
        caption: paragraphs; by default those of the JSON file beside it, or the file's name.
    """
    caption = caption or (read_json(path.with_suffix(".json")) or {}).get("caption") or [path.name]
    with Image.open(path) as image:
        image = image.convert("RGB")
        if image.width > WIDTH:
            image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
        content = io.BytesIO()
        image.save(content, "JPEG", quality=QUALITY)
        data = base64.b64encode(content.getvalue()).decode()
        return EmbeddedImage(f"data:image/jpeg;base64,{data}", image.size, tuple(caption))
