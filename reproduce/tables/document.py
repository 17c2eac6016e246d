"""A comparison as a document: texts of its cells, columns and legend for every format."""

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.formats.numbers import DASH, DECIMALS, PUBLISHED_DECIMALS, signed
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Column, Row, Table

RESOLUTIONS = {"native": "native resolution", "network": "the network's resolution"}
BEST_MARK = " (Best in the paper)"
CSV_FIELDS = (
    "status", "ours", "std", "n", "published", "difference", "gain", "significant",
    "published_gain", "reason",
)  # fmt: skip
"""Columns of the CSV file after the address of a cell."""

MARKS = {"better": "▲ ", "worse": "▼ ", "": ""}
CHANCE = (
    "▲ better, ▼ worse than the baseline by more than the chance of the seeds (95 %, Student's t, paired by "
    "seed, Holm's correction over the gains of a column). A gain without a mark may be chance."
)


def comparison_document(table: Table) -> formats.Document:
    """A comparison with ours, published, difference and gain of each cell, as far as the table has them."""
    names = ("ours", "paper", "diff", "gain", "(paper)")
    if not has_published(table):
        names = ("ours", "gain") if any(map(gain_text, table.cells)) else ("ours",)
    lines, records = [], []
    for group, row, init in table_lines(table):
        cells = [(column, table.cell(row.name, init, column.metric)) for column in table.columns]
        shown = [_cell(cell, column, names) for column, cell in cells]
        alone, mark = len(row.inits) == 1, BEST_MARK * row.best
        lines.append(formats.Line(group, row.label, shown, label=init, alone=alone, mark=mark))
        for column, cell in cells:
            address, data = (group, row.name, init, column.metric), cell.as_dict()
            record = dict(zip(("group", "row", "init", "metric"), address, strict=True))
            records.append(record | {name: data[name] for name in CSV_FIELDS})
    columns = tuple(formats.Column(column_title(column), names) for column in table.columns)
    return formats.Document(
        table.title,
        (formats.Table(columns, tuple(lines), headings=("", "init")),),
        table.notes,
        footnotes=(*legend(table), *table.footnotes),
        data=table.as_dict(),
        records=records,
    )


def cell_text(cell: Cell) -> str:
    """Mean and spread, a dash, or "n/a"."""
    if not cell.applies:
        return "n/a"
    if cell.mean is None:
        return DASH
    return f"{cell.mean:.{DECIMALS}f}" + ("" if cell.std is None else f"±{cell.std:.{DECIMALS}f}")


def gain_text(cell: Cell) -> str:
    """The gain; a dash where only the baseline is missing; nothing where a gain has no meaning."""
    if cell.gain is not None:
        return signed(cell.gain)
    return DASH if cell.values and cell.baseline_row else ""


def verdict(cell: Cell, column: Column) -> str:
    """``better``, ``worse``, or nothing for a gain that is unknown, may be chance or rounds to zero."""
    if not cell.significant or not round(cell.gain, DECIMALS):
        return ""
    return "better" if (cell.gain < 0) == column.lower_is_better else "worse"


def column_title(column: Column) -> str:
    """Title of a metric with an arrow in the better direction."""
    return f"{column.title} {'↓' if column.lower_is_better else '↑'}"


def has_published(table: Table) -> bool:
    """Whether any cell has a published number."""
    return any(cell.published is not None for cell in table.cells)


def table_lines(table: Table) -> list[tuple[str, Row, str]]:
    """(group, row, init) of every line, in order."""
    return [(group.title, row, init) for group in table.groups for row in group.rows for init in row.inits]


def legend(table: Table) -> list[str]:
    """Explanations of the fields of a cell, as far as the table has them."""
    counts = sorted({cell.n for cell in table.cells if cell.values})
    lines = []
    if counts and counts[-1] > 1:
        count = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
        lines.append(f"ours: mean ± sample standard deviation of {count} seeds.")
    elif counts:
        lines.append("ours: one seed.")
    if any(cell.gain is not None for cell in table.cells):
        told = any(cell.significant is not None for cell in table.cells)
        lines.append(CHANCE if told else "Whether a gain is more than chance cannot be told: one seed.")
    single_task = (
        f"gain: minus the single-task row with the same initialization, {DASH} where that is not measured"
    )
    arrows = "↑ higher is better, ↓ lower is better."
    if has_published(table):
        return [
            *lines,
            "paper: as printed, to two decimals and without a spread. diff: ours − paper. "
            f"{single_task}; the paper's gain in parentheses. {arrows}",
        ]
    own_baseline = {row.name for group in table.groups for row in group.rows if row.baseline}
    if any(gain_text(cell) and cell.row not in own_baseline for cell in table.cells):
        arrows = f"{single_task}. {arrows}"
    return [*lines, arrows]


def _cell(cell: Cell, column: Column, names: tuple[str, ...]) -> formats.Cell:
    found = verdict(cell, column)
    paper, difference, paper_gain = cell.published, cell.difference, cell.published_gain
    fields = {
        "ours": (cell_text(cell), "strong"),
        "paper": ("" if paper is None else f"{paper:.{PUBLISHED_DECIMALS}f}", "soft"),
        "diff": ("" if difference is None else signed(difference), ""),
        "gain": (MARKS[found] + gain_text(cell), {"better": "good", "worse": "bad"}.get(found, "")),
        "(paper)": ("" if paper_gain is None else f"({signed(paper_gain, PUBLISHED_DECIMALS)})", "soft"),
    }
    texts, tones = zip(*(fields[name] for name in names), strict=True)
    return formats.Cell(texts, tones, cell.reason, cell.applies)
