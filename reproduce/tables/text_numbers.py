"""The numbers that the paper gives in its text alone: one task by itself, and the 1×1 embedding."""

import dataclasses
from collections.abc import Sequence

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.published import INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, Table, compare
from selfsup_segmentation.reproduce.tables.significance import in_words
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

TITLE = "Numbers of the text: colorization alone, depth alone, and the 1×1 embedding"

EMBEDDED = {"C": "C, 1×1 embedding", "SS+C/GS": "SS + C (GS), 1×1 embedding"}
"""{row: its name with ``color_input=embed1x1``}."""

_ALONE = (Row("C", "C (colorization)", ("color",), INITS), Row("D", "D (depth)", ("depth",), INITS))
_EMBEDDING = (
    Row(EMBEDDED["C"], EMBEDDED["C"], ("color",), INITS, baseline="C"),
    Row("SS+C/GS", "SS + C (GS)", ("seg", "color"), INITS),
    Row(EMBEDDED["SS+C/GS"], EMBEDDED["SS+C/GS"], ("seg", "color"), INITS, baseline="SS+C/GS"),
)
GROUPS = (Group("One task alone", _ALONE), Group("1×1 embedding in place of L three times", _EMBEDDING))

FOOTNOTES = (
    "The gain of a row with the embedding is against the same row without it; the paper says that the "
    "embedding is worse (section 4.1) and gives no number.",
    "Disparity errors are capped at 50, as in the paper, which states no unit.",
)


def text_runs(dataset, seeds=(0,), readings=None):
    """The runs behind the table, by name of their row: ``[(row, run)]``."""
    table1 = catalog.table1_runs(dataset, seeds, readings)
    runs = [(run.row, run) for run in catalog.single_task_runs(dataset, seeds, readings)]
    runs += [("SS+C/GS", run) for run in table1 if run.row == "SS+C/GS"]
    for row, run in runs.copy():
        if row in EMBEDDED:
            embedded = dataclasses.replace(readings or run.readings, color_input="embed1x1")
            again = catalog.make_run(dataset, run.tasks, run.weighting, run.init, run.seed, embedded)
            runs.append((EMBEDDED[row], again))
    return runs


def build(measured: Measured, reasons: Reasons, notes: Sequence[str] = ()) -> Table:
    """The table from the results of `text_runs`; arguments as for `reproduce.tables.table1.build`."""
    published, baselines = {**TABLE1, **TEXT}, {"color": dict.fromkeys(INITS, "C")}
    table = compare(TITLE, COLUMNS, GROUPS, published, measured, reasons, baselines, notes)
    return dataclasses.replace(table, footnotes=(*_embedding(table), *FOOTNOTES))


def _embedding(table: Table) -> list[str]:
    """Gains of the embedding as sentences."""
    sentences = []
    for row in EMBEDDED.values():
        for init in INITS:
            cells = ((column.title, table.cell(row, init, column.metric)) for column in COLUMNS[:2])
            gains = [f"{t} {c.gain:+.3f} ({in_words(c.significant)})" for t, c in cells if c.gain is not None]
            if gains:
                sentences.append(f"{row}, {init}: {', '.join(gains)}; the paper: worse.")
    return sentences
