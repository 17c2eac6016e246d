"""Pictures for a report: those that lie beside the table, and new ones of predictions."""

import base64
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from selfsup_segmentation.experiments.records.json_files import read_json
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.formats.numbers import table_lines
from selfsup_segmentation.reproduce.tables.comparison import Table

WIDTH = 1400  # px; a page must stay small
QUALITY = 82  # of JPEG
COUNT = 3  # images of a new picture


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture inside the page.

    Attributes:
        data: URI that holds it.
        size: (width, height) in px.
        caption: paragraphs.
    """

    data: str
    size: tuple[int, int]
    caption: tuple[str, ...]


def figures(folder: Path, label: str) -> list[Path]:
    """The paper's figures of some data that lie in a folder."""
    return sorted(folder.glob(f"figure[0-9]-{label}.png"))


def best_and_baseline(table: Table, shown: Sequence[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """(what it is, run) of the highest segmentation mIoU here of a row with a baseline, and of that baseline.

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
    return [(what, runs[row, best.init]) for what, row in chosen if (row, best.init) in runs]


def draw_samples(run: Run, store, library, folder: Path, progress=print) -> Path | None:
    """Draw predictions of a finished run, unless that was done since it was finished.

    Args:
        run: a finished run.
        store: of the run.
        library: `experiments.datasets.library.Library` of its data (needs TensorFlow); None to draw nothing.
        folder: of the picture.
        progress: takes a line when something is drawn.

    Returns:
        Path of the picture; None where there is none: the weights are not there, or nothing may be drawn.

    Raises:
        InputError: the weights are damaged.
    """
    home = store.finished_folder(run)
    path = folder / f"samples-{run.folder.replace('/', '-')}.png"
    if path.is_file() and path.stat().st_mtime >= (home / "metrics.json").stat().st_mtime:
        return path
    if library is None or not ((home / "checkpoint/final").is_dir() and (home / "statistics.npz").is_file()):
        return None
    from selfsup_segmentation.reproduce.figures.samples import (
        write_samples,  # here, because it brings TensorFlow
    )

    progress(f"drawing {path}")
    write_samples(run, home, library, path, COUNT)
    return path


def embed(path: Path, caption: Sequence[str] = ()) -> Picture:
    """A picture file for the page, no larger than a screen needs.

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
        return Picture(f"data:image/jpeg;base64,{data}", image.size, tuple(caption))
