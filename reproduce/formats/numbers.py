"""What cells and tables say in words and signs, the same in every format that is read by people."""

from selfsup_segmentation.reproduce.tables.cell import Cell
from selfsup_segmentation.reproduce.tables.comparison import Column, Row, Table

DASH = "—"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
DECIMALS = 3  # ours
PUBLISHED_DECIMALS = 2  # as printed in the paper

RESOLUTIONS = {"native": "native resolution", "network": "the network's resolution"}

BEST_MARK = " (Best in the paper)"


def cell_text(cell: Cell, numbers: dict[str, int]) -> str:
    """Mean and spread, a dash with the number of its reason, or "n/a"."""
    if not cell.applies:
        return "n/a"
    mark = superscript(numbers[cell.reason]) if cell.reason else ""
    if cell.mean is None:
        return DASH + mark
    spread = "" if cell.std is None else f"±{cell.std:.{DECIMALS}f}"
    return f"{cell.mean:.{DECIMALS}f}{spread}" + (f" {mark}" if mark else "")  # 0.6² would be a square


def gain_text(cell: Cell) -> str:
    """The gain; a dash where only the baseline is missing; nothing where a gain has no meaning."""
    if cell.gain is not None:
        return signed(cell.gain)
    return DASH if cell.values and cell.baseline_row else ""


def verdict(cell: Cell, column: Column) -> str:
    """``better``, ``worse``, or nothing for a gain that is not known or rounds to zero."""
    if not round(cell.gain or 0, DECIMALS):
        return ""
    return "better" if (cell.gain < 0) == column.lower_is_better else "worse"


def column_title(column: Column) -> str:
    """Title of a metric, and which way is better."""
    return f"{column.title} {'↓' if column.lower_is_better else '↑'}"


def has_published(table: Table) -> bool:
    """Whether any cell has a number of the paper."""
    return any(cell.published is not None for cell in table.cells)


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


def table_lines(table: Table) -> list[tuple[str, Row, str]]:
    """(group, row, init) of every line, in order."""
    return [(group.title, row, init) for group in table.groups for row in group.rows for init in row.inits]


def reason_numbers(table: Table) -> dict[str, int]:
    """A number for each reason, in order of appearance; cells with the same reason share it."""
    reasons = dict.fromkeys(cell.reason for cell in table.cells if cell.reason)
    return {reason: number for number, reason in enumerate(reasons, start=1)}


def signed(value: float, decimals: int = DECIMALS) -> str:
    """A difference with its sign; a typographic minus, and no sign for zero."""
    text = f"{value:+.{decimals}f}"
    if not text.strip("+-0."):
        return text.replace("-", "+")  # a negative number that rounds to zero
    return text.replace("-", "−")


def superscript(number: int) -> str:
    """A number as a mark behind a cell."""
    return str(number).translate(SUPERSCRIPTS)


def one_line(text: str) -> str:
    """A text without line breaks and runs of spaces."""
    return " ".join(text.split())
