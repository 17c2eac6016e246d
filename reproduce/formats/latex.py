"""A document as LaTeX with booktabs, to ``\\input`` into a paper."""

import re
from collections.abc import Mapping, Sequence

from selfsup_segmentation.reproduce.formats.document import Column, Document, Table
from selfsup_segmentation.reproduce.formats.numbers import one_line

FIELDS_SIDE_BY_SIDE = 10  # as many as fit on a page
LETTERS_IN_A_LINE = 60  # longer texts over all columns of a table wrap

_COMMANDS = {
    **{letter: f"\\{letter}" for letter in "{}$&#%_"},
    **{digit: f"\\textsuperscript{{{value}}}" for value, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{letter: f"{{{letter}}}" for letter in "[*"},  # behind \\ they would be its arguments
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "|": r"\textbar{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "—": r"\textemdash{}", "–": r"\textendash{}",
    "“": "``", "”": "''", "…": r"\ldots{}",
    "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "÷": r"$\div$", "·": r"$\cdot$", "≤": r"$\leq$",
    "≥": r"$\geq$", "→": r"$\rightarrow$", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "λ": r"$\lambda$",
    "σ": r"$\sigma$", "▲": r"$\bigtriangleup$", "▼": r"$\bigtriangledown$", "◆": r"$\bullet$",
    "◇": r"$\diamond$",
}  # fmt: skip
_ESCAPES = str.maketrans(_COMMANDS)


def to_latex(document: Document) -> str:
    """Notes, title and tables, one panel below the other, then reasons and footnotes.

    Tables are ``tabular``, which also goes into a figure or table environment; one whose rows have details
    is a ``longtable``, which may be longer than a page.
    """
    out = [r"% \usepackage{booktabs,longtable}", r"\begingroup\small\setlength{\tabcolsep}{3pt}"]
    out += [_paragraph(text, r"\textbf") for text in (*document.notes, document.title)]
    out += map(_paragraph, document.text)
    for table in document.tables:
        out += _table(table, document.reasons())
    out += [_paragraph(f"{mark} {text}", r"\footnotesize ") for mark, text in document.below()]
    return "\n".join([*out, r"\endgroup"]) + "\n"


def escape(text: str) -> str:
    """A text as LaTeX prints it."""
    return re.sub("-(?=-)", "-{}", one_line(text).translate(_ESCAPES))  # no dashes from option names


def _paragraph(text: str, command: str = "") -> str:
    return rf"\par\noindent{command}{{{escape(text)}}}\par"


def _table(table: Table, reasons: Mapping[str, int]) -> list[str]:
    environment = "longtable" if any(line.details for line in table.lines) else "tabular"
    out = []
    for indices in table.panels([len(column.fields) for column in table.columns], FIELDS_SIDE_BY_SIDE):
        columns = [table.columns[index] for index in indices]
        kinds = "".join("r" if len(c.fields) == 1 else "l" + "r" * (len(c.fields) - 1) for c in columns)
        total = 1 + len(kinds)
        out += ["", rf"\begin{{{environment}}}{{l{kinds}}}", r"\toprule", *_headings(table, columns)]
        for _, line, new_group, new_row in table.walk(indices):
            if new_group:
                out += [r"\midrule", *_spanning(line.group, total, r"\bfseries ")]
            if new_row and not line.alone:
                out += _spanning(line.row + line.mark, total)
            label = escape(line.row) if line.alone else rf"\quad {escape(line.label)}"
            texts = (escape(text) for index in indices for text in line.cells[index].marked(reasons))
            out.append(_line([label, *texts]))
            for detail in line.details:
                out += _spanning(detail, total, r"\footnotesize\quad ")
        out += [r"\bottomrule", rf"\end{{{environment}}}"]
    return out


def _headings(table: Table, columns: Sequence[Column]) -> list[str]:
    titles, rules, end = [escape(table.headings[0])], "", 1
    for column in columns:
        first, end = end + 1, end + len(column.fields)
        titles.append(rf"\multicolumn{{{len(column.fields)}}}{{c}}{{{escape(column.title)}}}")
        rules += rf"\cmidrule(lr){{{first}-{end}}}"
    fields = [field for column in columns for field in column.fields]
    return [_line(titles), *([rules, _line(["", *map(escape, fields)])] if any(fields) else [])]


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _spanning(text: str, columns: int, style: str = "") -> list[str]:
    """A text over all columns, which wraps where it is long."""
    kind = "l" if len(text) <= LETTERS_IN_A_LINE else r"p{0.95\linewidth}"
    return [_line([rf"\multicolumn{{{columns}}}{{{kind}}}{{{style}{escape(text)}}}"])] if text else []
