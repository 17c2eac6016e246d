"""One row of a table under each other reading of the paper, one reading at a time."""

import dataclasses
from collections.abc import Sequence

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.experiments.readings import AT_EVALUATION, Readings, alternatives
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.experiments.run import Run
from selfsup_segmentation.reproduce.tables.collect import collect
from selfsup_segmentation.reproduce.tables.comparison import Column, Group, Row, Table, compare
from selfsup_segmentation.reproduce.tables.table1 import COLUMNS

DEFAULT = "default"

FOOTNOTES = (
    "gain: minus the row as it is by default. One reading is changed at a time; readings that are irrelevant "
    "to this row are left out. Rows are sorted by the size of the effect on the first column.",
    "The reasons for each default are in docs/FIDELITY.md.",
)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A run under another reading.

    Attributes:
        name: ``disp_scale=W``.
        runs: of all seeds.
        readings: with which its numbers are read.
        trained: whether it is a training of its own, rather than another number of the same.
    """

    name: str
    runs: tuple[Run, ...]
    readings: Readings
    trained: bool


def variants(make, readings, seeds):
    """The default, the same with another seed, and every alternative that is relevant to the run.

    Args:
        make: function of (seed, readings) that returns a run.
        readings: to start from.
        seeds: of each variant.

    Returns:
        List of `Variant`, the default first. On KITTI only readings of the fine-tuning itself are tried: the
        others would be another run on Cityscapes, and belong to Table 1.
    """
    default = Variant(DEFAULT, tuple(make(seed, readings) for seed in seeds), readings, True)
    other = max(seeds) + 1
    found = [default, Variant(f"seed={other}", (make(other, readings),), readings, True)]
    for name, value, changed in alternatives(readings):
        runs = tuple(make(seed, changed) for seed in seeds)
        trained = name not in AT_EVALUATION
        if trained and runs == default.runs:
            continue
        start = catalog.dependency(runs[0])
        if runs[0].start and start != catalog.dependency(default.runs[0]):
            continue
        found.append(Variant(f"{name}={value}", runs, changed, trained))
    return found


def allowed(found: Sequence[Variant], source: Source, store: Store) -> tuple[list[Variant], list[str]]:
    """The variants that are finished or that the data can be split for, and a note on each of the others."""
    kept, notes = [], []
    for variant in found:
        seed = variant.readings.kitti_split_seed
        try:
            if seed != found[0].readings.kitti_split_seed and not all(map(store.metrics, variant.runs)):
                source.listed_frames(variant.runs[0].split, split_seed=seed)
            kept.append(variant)
        except InputError as reason:
            notes.append(f"Left out: {reason}")
    return kept, notes


def build(found: Sequence[Variant], store: Store, notes: Sequence[str] = (), fingerprint=None) -> Table:
    """The table of effects.

    Args:
        found: from `variants`.
        store: of the runs.
        notes: lines that must come first.
        fingerprint: of the data now, see `experiments.records.staleness.changes`.
    """
    run = found[0].runs[0]
    columns = [column for column in COLUMNS if column.task in run.tasks]
    if run.start:  # Table 3 has no other column
        columns = columns[:1]
    measured, reasons = {}, {}
    for variant in found:
        numbers, why = collect(
            variant.runs,
            store,
            variant.readings,
            name=lambda _, name=variant.name: name,
            fingerprint=fingerprint,
        )
        measured |= numbers
        reasons |= why
    effects = {variant.name: _effect(measured, variant.name, run.init, columns[0]) for variant in found}

    def rows(chosen):
        ordered = sorted(chosen, key=lambda v: -abs(effects[v.name]) if effects[v.name] is not None else 1.0)
        return tuple(
            Row(v.name, v.name, run.tasks, (run.init,), baseline=None if v is found[0] else DEFAULT)
            for v in ordered
        )

    groups = (
        Group("By default", rows(found[:1])),
        Group("For comparison: another seed", rows(found[1:2])),
        Group("Trained anew", rows([v for v in found[2:] if v.trained])),
        Group("The same training, read otherwise", rows([v for v in found if not v.trained])),
    )
    title = f"Readings of the paper: {run.row}, {run.init}, {run.dataset}"
    groups = tuple(group for group in groups if group.rows)
    table = compare(title, columns, groups, {}, measured, reasons, baselines={}, notes=notes)
    return dataclasses.replace(table, footnotes=(*_summary(found, effects, columns[0]), *FOOTNOTES))


def _effect(measured, name, init, column):
    """Change of a metric against the default, or None where either is missing."""

    def mean(row):
        values = [seed[column.metric] for seed in measured.get((row, init), ()) if column.metric in seed]
        return sum(values) / len(values) if values else None

    here, default = mean(name), mean(DEFAULT)
    return None if here is None or default is None else here - default


def _summary(found: Sequence[Variant], effects: dict, column: Column):
    """Summary of the effects that have a number."""
    other = found[1].name
    tried = [v.name for v in found[2:] if effects[v.name] is not None]
    if not tried:
        return []
    if effects[other] is None:
        return [f"No yardstick: the run with {other} has no number."]
    noise = abs(effects[other])
    larger = [name for name in tried if abs(effects[name]) > noise]
    return [
        f"Another seed alone moves {column.title} by {noise:.3f}. {len(larger)} of {len(tried)} readings "
        "move it further than that; one seed more is a weak yardstick, and --seeds 0 1 2 a better one."
    ]
