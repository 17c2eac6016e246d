"""One row of a table under each other reading of the paper, one reading at a time."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

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
    "to this row are left out. Rows are sorted by the size of the effect on the first column, which "
    "may be chance where it has no mark.",
    "The reasons for each default are in docs/FIDELITY.md.",
)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A run under another reading.

    Attributes:
        name: ``disp_scale=W``.
        runs: Runs of all seeds.
        readings: Readings that its numbers are evaluated with.
        trained: Whether it is a training of its own, rather than another evaluation of the default's.
    """

    name: str
    runs: tuple[Run, ...]
    readings: Readings
    trained: bool


def variants(make: Callable[[int, Readings], Run], readings: Readings, seeds: Sequence[int]) -> list[Variant]:
    """The default, the same with another seed, and every alternative that is relevant to the run.

    On KITTI only readings of the fine-tuning itself are tried: the others would need another run on
    Cityscapes, and belong to Table 1.

    Args:
        make: Function of (seed, readings) that returns a run.
        readings: Readings of the default.
        seeds: Seeds of each variant.
    """
    default = Variant(DEFAULT, tuple(make(seed, readings) for seed in seeds), readings, True)
    start, other = catalog.dependency(default.runs[0]), max(seeds) + 1
    tried = [default, Variant(f"seed={other}", (make(other, readings),), readings, True)]
    for name, value, changed in alternatives(readings):
        runs = tuple(make(seed, changed) for seed in seeds)
        trained = name not in AT_EVALUATION
        irrelevant = trained and runs == default.runs
        if not irrelevant and (not runs[0].start or catalog.dependency(runs[0]) == start):
            tried.append(Variant(f"{name}={value}", runs, changed, trained))
    return tried


def allowed(tried: Sequence[Variant], source: Source, store: Store) -> tuple[list[Variant], list[str]]:
    """The variants that are finished or that the data can be split for, and a note on each of the others."""
    possible, notes = [], []
    for variant in tried:
        seed = variant.readings.kitti_split_seed
        try:
            if seed != tried[0].readings.kitti_split_seed and not all(map(store.metrics, variant.runs)):
                source.listed_frames(variant.runs[0].split, split_seed=seed)
            possible.append(variant)
        except InputError as reason:
            notes.append(f"Left out: {reason}")
    return possible, notes


def build(tried: Sequence[Variant], store: Store, notes: Sequence[str] = (), fingerprint=None) -> Table:
    """The table of effects.

    Args:
        tried: From `variants`.
        store: Runs folder.
        notes: Lines that come first.
        fingerprint: Function of a run, see `experiments.records.staleness.changes`.
    """
    run = tried[0].runs[0]
    columns = [column for column in COLUMNS if column.task in run.tasks]
    if run.start:  # Table 3 has no other column
        columns = columns[:1]
    measured, reasons = {}, {}
    for variant in tried:
        options = {"name": lambda _, name=variant.name: name, "fingerprint": fingerprint}
        numbers, why = collect(variant.runs, store, variant.readings, **options)
        measured |= numbers
        reasons |= why
    rows = {
        v.name: Row(v.name, v.name, run.tasks, (run.init,), baseline=DEFAULT if v is not tried[0] else None)
        for v in tried
    }
    unsorted = compare("", columns[:1], [Group("", tuple(rows.values()))], {}, measured, {}, {})
    effects = {cell.row: cell.gain for cell in unsorted.cells}

    def group(heading: str, chosen: Sequence[Variant]) -> Group:
        ordered = sorted(
            (v.name for v in chosen), key=lambda n: 1.0 if effects[n] is None else -abs(effects[n])
        )
        return Group(heading, tuple(map(rows.get, ordered)))

    groups = (
        group("By default", tried[:1]),
        group("For comparison: another seed", tried[1:2]),
        group("Trained anew", [v for v in tried[2:] if v.trained]),
        group("The same training, read otherwise", [v for v in tried if not v.trained]),
    )
    title = f"Readings of the paper: {run.row}, {run.init}, {run.dataset}"
    groups = tuple(group for group in groups if group.rows)
    told = {cell.row: cell.significant for cell in unsorted.cells}
    footnotes = (*_summary(tried, effects, told, columns[0]), *FOOTNOTES)
    return compare(title, columns, groups, {}, measured, reasons, {}, notes, footnotes)


def _summary(
    tried: Sequence[Variant],
    effects: Mapping[str, float | None],
    told: Mapping[str, bool | None],
    column: Column,
) -> list[str]:
    """How many readings move a metric by more than chance; with one seed, further than another seed does."""
    other, *names = (v.name for v in tried[1:])
    sizes = [abs(effects[name]) for name in names if effects[name] is not None]
    if not sizes:
        return []
    if any(told[name] is not None for name in names):
        moved = sum(bool(told[name]) for name in names)
        return [f"{moved} of {len(sizes)} readings move {column.title} by more than the chance of the seeds."]
    if effects[other] is None:
        return [f"No yardstick: the run with {other} has no number."]
    noise = abs(effects[other])
    return [
        f"Another seed alone moves {column.title} by {noise:.3f}. {sum(size > noise for size in sizes)} of "
        f"{len(sizes)} readings move it further than that; whether by more than chance cannot be told from "
        "one seed: --seeds 0 1 2."
    ]
