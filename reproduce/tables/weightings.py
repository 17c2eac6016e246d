"""Every weighting on each set of tasks: beyond the paper, whose open question they answer (section 5)."""

import statistics
from collections.abc import Mapping, Sequence

from selfsup_segmentation.experiments.catalog import table_row
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.experiments.weightings import FOR_ONE_TASK
from selfsup_segmentation.reproduce.published import BASELINES, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, Table, compare
from selfsup_segmentation.reproduce.tables.document import cell_text
from selfsup_segmentation.reproduce.tables.grid_search import task_letters
from selfsup_segmentation.reproduce.tables.significance import difference, in_words, significant
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

BASELINE = "GS"

FOOTNOTES = (
    "GS, UW and DWA are the paper's; the others are described in docs/WEIGHTINGS.md. Those of gradients, for "
    f"one main task, are {', '.join(FOR_ONE_TASK)}.",
    "GS has weights that the paper found by a grid search on its validation set; the others search nothing.",
    "Minus GS: 95 % Student's interval, paired by seed; significant with Holm's correction over all rows.",
    "Time of a step: of the runs as they happened, median over epochs; make bench measures it side by side.",
)


def training_speeds(runs: Sequence[Run], store: Store) -> dict[str, float]:
    """Median speed of the finished runs of each row, stereo pairs per second, over epochs and seeds."""
    speeds: dict[str, list[float]] = {}
    for run in runs:
        metrics = store.metrics(run)
        epochs = metrics.history if metrics else ()
        found = [row["images_per_second"] for row in epochs if (row.get("images_per_second") or 0) > 0]
        speeds.setdefault(table_row(run), []).extend(found)
    return {row: statistics.median(found) for row, found in speeds.items() if found}


def build(
    runs: Sequence[Run],
    measured: Measured,
    reasons: Reasons,
    init: str,
    speeds: Mapping[str, float],
    notes: Sequence[str] = (),
) -> Table:
    """The table of all weightings from the results of finished runs.

    Args:
        runs: Runs of all seeds from `experiments.catalog.weighting_runs`.
        measured: {(row, init): {finished seed: {metric: value}}}.
        reasons: {(row, init): why a number is missing}.
        init: Initialization of the runs.
        speeds: See `training_speeds`.
        notes: Lines that come first, for instance that the scale is not the paper's.

    Raises:
        ValueError: A measured value is not a finite number.
    """
    groups: dict[str, dict[str, Row]] = {}
    for run in runs:
        name = table_row(run)
        label = name if len(run.tasks) == 1 else run.weighting
        rows = groups.setdefault(task_letters(run.row), {})
        rows.setdefault(name, Row(name, label, run.tasks, (init,)))
    layout = [Group(letters, tuple(rows.values())) for letters, rows in groups.items()]
    published, title = {**TABLE1, **TEXT}, f"Weightings: {runs[0].dataset}, {init}"
    baselines = {"seg": BASELINES}
    arguments = (title, COLUMNS[:3], layout, published, measured, reasons, baselines, notes)
    cells = {cell.row: cell for cell in compare(*arguments).cells if cell.metric == COLUMNS[0].metric}
    return compare(*arguments, [*_sentences(layout, cells, speeds), *FOOTNOTES])


def _sentences(layout: Sequence[Group], cells: Mapping[str, Cell], speeds: Mapping[str, float]) -> list[str]:
    """For each set of tasks its finished rows, the best first, and each beside GS."""
    compared = {}
    for group in layout:
        gs = next((cells[row.name] for row in group.rows if row.label == BASELINE), None)
        for row in group.rows:
            if gs and gs.values and cells[row.name].values and row.label != BASELINE:
                compared[row.name] = difference(cells[row.name].values, gs.values)
    answers = dict(zip(compared, significant(list(compared.values())), strict=True))

    def described(group, rank, row):
        text = f"{rank}. {row.label} {cell_text(cells[row.name])}"
        if row.name in compared:
            found = compared[row.name]
            answer = None if found.p is None else answers[row.name]
            text += f" (minus GS {found}, {in_words(answer)})"
        gs = next(other.name for other in group.rows if other.label == BASELINE)
        if row.name in speeds and gs in speeds and row.name != gs:
            text += f", time of a step {speeds[gs] / speeds[row.name]:.2f} × GS"
        return text

    sentences = []
    for group in layout:
        finished = [row for row in group.rows if cells[row.name].values]
        ranked = sorted(finished, key=lambda row: -cells[row.name].mean)
        if len(group.rows) > 1 and ranked:
            listed = "; ".join(described(group, rank, row) for rank, row in enumerate(ranked, start=1))
            sentences.append(f"{group.title} by mean Sem. mIoU: {listed}.")
    return sentences
