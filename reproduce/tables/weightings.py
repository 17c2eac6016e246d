"""Every weighting on each set of tasks: beyond the paper, whose open question they answer (section 5)."""

import dataclasses
import statistics
from collections.abc import Iterator, Mapping, Sequence

from selfsup_segmentation.experiments.catalog import table_row
from selfsup_segmentation.experiments.records.history import speeds
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.experiments.weightings import FOR_ONE_TASK
from selfsup_segmentation.reproduce.published import BASELINES, TABLE1, TEXT
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
    found: dict[str, list[float]] = {}
    for run in runs:
        if metrics := store.metrics(run):
            found.setdefault(table_row(run), []).extend(speeds(metrics.history))
    return {row: statistics.median(numbers) for row, numbers in found.items() if numbers}


def build(
    runs: Sequence[Run],
    measured: Measured,
    reasons: Reasons,
    init: str,
    rates: Mapping[str, float],
    notes: Sequence[str] = (),
) -> Table:
    """The table of all weightings from the results of finished runs.

    Args:
        runs: Runs of all seeds from `experiments.catalog.weighting_runs`.
        measured: {(row, init): {finished seed: {metric: value}}}.
        reasons: {(row, init): why a number is missing}.
        init: Initialization of the runs.
        rates: Speeds of the rows, see `training_speeds`.
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
    title = f"Weightings: {runs[0].dataset}, {init}"
    published, baselines = {**TABLE1, **TEXT}, {"seg": BASELINES}
    table = compare(title, COLUMNS[:3], layout, published, measured, reasons, baselines, notes)
    return dataclasses.replace(table, footnotes=(*_sentences(table, rates), *FOOTNOTES))


def _sentences(table: Table, rates: Mapping[str, float]) -> Iterator[str]:
    """For each set of tasks its finished rows, the best first, and each beside GS."""
    cells = {cell.row: cell for cell in table.cells if cell.metric == COLUMNS[0].metric}
    gs_of = {name: cells.get(f"{name.partition('/')[0]}/{BASELINE}") for name in cells}
    compared = {
        name: difference(cells[name].values, gs.values)
        for name, gs in gs_of.items()
        if gs and gs.row != name and gs.values and cells[name].values
    }
    answers = dict(zip(compared, significant(list(compared.values())), strict=True))

    def described(rank, row):
        text, gs = f"{rank}. {row.label} {cell_text(cells[row.name])}", gs_of[row.name].row
        if found := compared.get(row.name):
            answer = None if found.p is None else answers[row.name]
            text += f" (minus GS {found}, {in_words(answer)})"
        if row.name != gs and rates.keys() >= {row.name, gs}:
            text += f", time of a step {rates[gs] / rates[row.name]:.2f} × GS"
        return text

    for group in table.groups:
        finished = [row for row in group.rows if gs_of[row.name] and cells[row.name].values]
        ranked = sorted(finished, key=lambda row: -cells[row.name].mean)
        if ranked:
            listed = "; ".join(described(rank, row) for rank, row in enumerate(ranked, start=1))
            yield f"{group.title} by mean Sem. mIoU: {listed}."
