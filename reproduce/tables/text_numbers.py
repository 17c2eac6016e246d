"""The numbers that the paper gives in its text alone: one task by itself, and the 1×1 embedding."""

import dataclasses
from collections.abc import Sequence

from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.reproduce.published import INITS, TABLE1, TEXT
from selfsup_segmentation.reproduce.tables.comparison import Group, Measured, Reasons, Row, Table, compare
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

TITLE = "Numbers of the text: colorization alone, depth alone, and the 1×1 embedding"

EMBEDDED = {"C": "C, 1×1 embedding", "SS+C/GS": "SS + C (GS), 1×1 embedding"}
"""Rows that are run again with ``color_input=embed1x1``, and their names then."""

GROUPS = (
    Group(
        "One task alone",
        (
            Row("C", "C (colorization)", ("color",), INITS),
            Row("D", "D (depth)", ("depth",), INITS),
        ),
    ),
    Group(
        "1×1 embedding in place of L three times",
        (
            Row(EMBEDDED["C"], EMBEDDED["C"], ("color",), INITS, baseline="C"),
            Row("SS+C/GS", "SS + C (GS)", ("seg", "color"), INITS),
            Row(EMBEDDED["SS+C/GS"], EMBEDDED["SS+C/GS"], ("seg", "color"), INITS, baseline="SS+C/GS"),
        ),
    ),
)

FOOTNOTES = (
    "The gain of a row with the embedding is against the same row without it; the paper says that the "
    "embedding is worse (section 4.1) and gives no number.",
    "Disparity errors are capped at 50, as in the paper, which states no unit.",
)


def text_runs(dataset, seeds=(0,), readings=None):
    """The runs behind the table, by name of their row: ``[(row, run)]``."""
    runs = [(run.row, run) for run in catalog.single_task_runs(dataset, seeds, readings)]
    runs += [
        ("SS+C/GS", run) for run in catalog.table1_runs(dataset, seeds, readings) if run.row == "SS+C/GS"
    ]
    embedded = [
        (
            EMBEDDED[row],
            catalog.make_run(
                dataset,
                run.tasks,
                run.weighting,
                run.init,
                run.seed,
                dataclasses.replace(readings or run.readings, color_input="embed1x1"),
            ),
        )
        for row, run in runs
        if row in EMBEDDED
    ]
    return runs + embedded


def build(measured: Measured, reasons: Reasons, notes: Sequence[str] = ()) -> Table:
    """The table from the results of `text_runs`; arguments as for `reproduce.tables.table1.build`."""
    table = compare(
        TITLE,
        COLUMNS,
        GROUPS,
        {**TABLE1, **TEXT},
        measured,
        reasons,
        baselines={"color": dict.fromkeys(INITS, "C")},
        notes=notes,
    )
    return dataclasses.replace(table, footnotes=(*_embedding(table), *FOOTNOTES))


def _embedding(table):
    """Whether the embedding is worse here, for each number that there is."""
    sentences = []
    for row in EMBEDDED.values():
        for init in INITS:
            gains = {"Sem. mIoU": "sem_miou", "Color mIoU": "color_miou"}
            gains = {title: table.cell(row, init, metric).gain for title, metric in gains.items()}
            found = [f"{title} {gain:+.3f}" for title, gain in gains.items() if gain is not None]
            if found:
                sentences.append(f"{row}, {init}: {', '.join(found)}; the paper: worse.")
    return sentences
