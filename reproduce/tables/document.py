"""A comparison as a document: what its cells, columns and legend say in every format."""

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.formats.numbers import DASH, DECIMALS, PUBLISHED_DECIMALS, signed
from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Column, Row, Table

RESOLUTIONS = {"native": "native resolution", "network": "the network's resolution"}
BEST_MARK = " (Best in the paper)"
CSV_FIELDS = (
    *("status", "ours", "std", "n", "published", "difference", "gain", "published_gain", "reason"),
)  # after the address of a cell


def comparison_document(table: Table) -> formats.Document:
    """A comparison with ours, published, difference and gain of each cell, as far as the table has them."""
    names = _field_names(table)
    lines = tuple(
        formats.Line(
            group,
            row.label,
            [_cell(table.cell(row.name, init, column.metric), column, names) for column in table.columns],
            label=init,
            alone=len(row.inits) == 1,
            mark=BEST_MARK * row.best,
        )
        for group, row, init in table_lines(table)
    )
    columns = tuple(formats.Column(column_title(column), names) for column in table.columns)
    return formats.Document(
        table.title,
        (formats.Table(columns, lines, headings=("", "init")),),
        table.notes,
        footnotes=(*legend(table), *table.footnotes),
        data=table.as_dict(),
        records=_records(table),
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
    """``better``, ``worse``, or nothing for a gain that is unknown or rounds to zero."""
    if not round(cell.gain or 0, DECIMALS):
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
    """What the fields of a cell mean, as far as the table has them."""
    seeds = sorted({cell.n for cell in table.cells if cell.values})
    lines = []
    if seeds and seeds[-1] > 1:
        count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        lines.append(f"ours: mean ± sample standard deviation of {count} seeds.")
    elif seeds:
        lines.append("ours: one seed.")
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


def _field_names(table: Table) -> tuple[str, ...]:
    """Headings of the fields of a cell; without published numbers, only of those that hold something."""
    if has_published(table):
        return ("ours", "paper", "diff", "gain", "(paper)")
    return ("ours", "gain") if any(map(gain_text, table.cells)) else ("ours",)


def _cell(cell: Cell, column: Column, names: tuple[str, ...]) -> formats.Cell:
    published = "" if cell.published is None else f"{cell.published:.{PUBLISHED_DECIMALS}f}"
    paper_gain = cell.published_gain
    texts = {
        "ours": cell_text(cell),
        "paper": published,
        "diff": "" if cell.difference is None else signed(cell.difference),
        "gain": gain_text(cell),
        "(paper)": "" if paper_gain is None else f"({signed(paper_gain, PUBLISHED_DECIMALS)})",
    }
    tones = {
        "ours": "strong",
        "diff": "",
        "gain": {"better": "good", "worse": "bad"}.get(verdict(cell, column), ""),
    }
    return formats.Cell(
        tuple(texts[name] for name in names),
        tuple(tones.get(name, "soft") for name in names),
        cell.reason,
        cell.applies,
    )


def _records(table: Table) -> list[dict[str, object]]:
    """One record a cell."""
    records = []
    for group, row, init in table_lines(table):
        for column in table.columns:
            data = table.cell(row.name, init, column.metric).as_dict()
            address = {"group": group, "row": row.name, "init": init, "metric": column.metric}
            records.append(address | {name: data[name] for name in CSV_FIELDS})
    return records
