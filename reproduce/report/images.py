"""Images for a page: those that lie beside the table, and new ones of predictions."""

import base64
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from selfsup_segmentation.experiments.finished.finished_run import FinishedRun
from selfsup_segmentation.experiments.records.json_files import read_json
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.tables.comparison import Table
from selfsup_segmentation.reproduce.tables.document import table_lines

WIDTH = 1400  # px; a page must stay small
QUALITY = 82  # of JPEG
COUNT = 3  # validation images in a new file


@dataclasses.dataclass(frozen=True)
class EmbeddedImage:
    """An image inside the page.

    Attributes:
        data: URI that holds it.
        size: (width, height) in px.
        caption: paragraphs.
    """

    data: str
    size: tuple[int, int]
    caption: tuple[str, ...]


def figures(folder: Path, label: str) -> list[Path]:
    """The paper's figures of some data in a folder."""
    return sorted(folder.glob(f"figure[0-9]-{label}.png"))


def best_and_baseline(table: Table, shown: Sequence[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """(description, run) of the highest mIoU here of a row with a baseline, and of that baseline.

    Where no row has a baseline that is finished, of the highest mIoU alone.

    Args:
        table: of finished runs.
        shown: (name of the row, run); the first seed of each stands for its row.
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
    chosen = [("Highest mIoU here of a row with a baseline" if compared else "Highest mIoU here", best.row)]
    chosen += [("Its baseline", best.baseline_row)] if compared else []
    return [(description, runs[row, best.init]) for description, row in chosen if (row, best.init) in runs]


def draw_samples(run: Run, store, library, folder: Path) -> Path | None:
    """Draw predictions of a finished run, unless the file is newer than its results.

    Args:
        run: a finished run.
        store: of the run.
        library: `experiments.datasets.library.Library` of its data; None to draw nothing.
        folder: where the file is written.

    Returns:
        Path of the image; None if the weights do not exist or nothing may be drawn.

    Raises:
        InputError: the weights are damaged.
    """
    run_folder = store.finished_folder(run)
    path = folder / f"samples-{run.folder.replace('/', '-')}.png"
    if path.is_file() and path.stat().st_mtime >= (run_folder / "metrics.json").stat().st_mtime:
        return path
    if library is None or not (
        (run_folder / "checkpoint/final").is_dir() and (run_folder / "statistics.npz").is_file()
    ):
        return None
    from selfsup_segmentation.reproduce.figures.samples import write_samples  # imports TensorFlow

    print(f"drawing {path}")
    write_samples(FinishedRun.open(run_folder), library, path, COUNT)
    return path


def embed(path: Path, caption: Sequence[str] = ()) -> EmbeddedImage:
    """An image file for the page, no larger than a screen needs.

    Args:
        path: PNG.
        caption: paragraphs; without any, those of the JSON file beside it, or the file's name.
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
