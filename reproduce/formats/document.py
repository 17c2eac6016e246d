"""The document that all writers share: texts in tables, whatever the numbers are about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from selfsup_segmentation.reproduce.formats.numbers import DASH, superscript


@dataclass(frozen=True)
class Column:
    """A column: its title, and headings of the fields of its cells.

    A field whose heading is in parentheses qualifies the field before it.
    """

    title: str
    fields: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        texts: One text for each field of the column; the first is the value, or a dash.
        tones: "strong", "soft", "good", "bad", "open" or "" for each text, for writers with colors.
        reason: Why the value is missing or incomplete; a numbered footnote.
        applies: False for "n/a".
    """

    texts: tuple[str, ...]
    tones: tuple[str, ...] = ("",)
    reason: str | None = None
    applies: bool = True

    def marked(self, reasons: Mapping[str, int]) -> list[str]:
        """The texts, the first with the number of the reason."""
        mark = superscript(reasons[self.reason]) if self.reason else ""
        space = " " * (bool(mark) and self.texts[0] != DASH)  # 0.6² would be a square
        return [self.texts[0] + space + mark, *self.texts[1:]]


@dataclass(frozen=True)
class Line:
    """A line of a table; successive lines of one group or row stand under a common heading.

    Attributes:
        group, row: Headings; a group may have none ("").
        cells: One for each column.
        label: What distinguishes the line from others of its row.
        alone: Whether it is the only line of its row.
        mark: Shown behind the heading of the row where it has room.
        details: Paragraphs below the line.
    """

    group: str
    row: str
    cells: Sequence[Cell]
    label: str = ""
    alone: bool = True
    mark: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Columns and lines; ``headings`` stand above the names of rows and, if two, the labels of lines."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    headings: tuple[str, ...] = ("",)

    def panels(self, widths: Sequence[int], limit: int) -> list[list[int]]:
        """Indices of the columns of each panel: as many side by side as fit, and at least one.

        Args:
            widths: Width of each column.
            limit: Width of a panel in the same unit.
        """
        panels: list[list[int]] = []
        left = 0
        for index, width in enumerate(widths):
            left -= width
            if not panels or left < 0:
                panels.append([])
                left = limit - width
            panels[-1].append(index)
        return panels

    def walk(self, columns: Sequence[int]) -> Iterator[tuple[int, Line, bool, bool]]:
        """(index, line, begins a group, begins a row) of lines with an applicable cell in some columns."""
        group = row = None
        for index, line in enumerate(self.lines):
            if any(line.cells[column].applies for column in columns):
                yield index, line, line.group != group, (line.group, line.row) != (group, row)
                group, row = line.group, line.row


@dataclass(frozen=True)
class Document:
    """Content of a page in every format.

    Attributes:
        title: Heading.
        tables: One below the other.
        notes: Lines before everything else, for instance that the scale is not the paper's.
        text: Paragraphs between title and tables.
        footnotes: Lines below the tables, after the reasons of cells.
        data: Content of the JSON file, beside notes and title.
        records: Lines of the CSV file; all have the same keys.
    """

    title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)
    records: Sequence[Mapping[str, object]] = ()

    def reasons(self) -> dict[str, int]:
        """A number for each reason, in order of appearance; cells with the same reason share it."""
        cells = (cell for table in self.tables for line in table.lines for cell in line.cells)
        reasons = dict.fromkeys(cell.reason for cell in cells if cell.reason)
        return {reason: number for number, reason in enumerate(reasons, start=1)}

    def below(self) -> list[tuple[str, str]]:
        """(mark, text) of all that stands below the tables; footnotes have no mark."""
        marked = [(superscript(number), reason) for reason, number in self.reasons().items()]
        return marked + [("", text) for text in self.footnotes]
