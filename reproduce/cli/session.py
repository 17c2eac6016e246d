"""Data, runs folder, readings and output folder of a request."""

import dataclasses
import functools
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source, fingerprint_now
from selfsup_segmentation.experiments.readings import AT_EVALUATION, Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.execution import check_executor, run_all
from selfsup_segmentation.reproduce.cli.plan import print_plan
from selfsup_segmentation.reproduce.cli.request import Request
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow
from selfsup_segmentation.reproduce.tables.collect import collect, machine_notes, stale_notes
from selfsup_segmentation.reproduce.tables.document import comparison_document


@dataclasses.dataclass(frozen=True)
class Written:
    """What a verb wrote.

    Attributes:
        paths: files.
        rewrite: writes the page among them again, with figures drawn since; None without such a page.
    """

    paths: Sequence[Path] = ()
    rewrite: Callable[[], object] | None = None


@dataclasses.dataclass(frozen=True)
class Session:
    """Data, runs folder and readings of one request.

    Attributes:
        request: options.
        label: first part of the names of its runs, see `experiments.catalog.dataset_label`.
        scale: ``paper`` or ``demo``.
        sources: data by label: its own, and on KITTI that of the runs which are fine-tuned.
        store: runs folder.
        readings: readings of the paper.
        notes: lines that come before all numbers.
        start: on KITTI the label of the runs that are fine-tuned; else empty.
    """

    request: Request
    label: str
    scale: str
    sources: dict[str, Source]
    store: Store
    readings: Readings
    notes: list[str]
    start: str = ""

    @property
    def source(self):
        """The data."""
        return self.sources[self.label]

    def init(self, demo="CoarseCTS"):
        """The ``--init`` of a verb that has one: by default ImageNet, and ``demo`` at demo scale."""
        return self.request.init or ("ImageNet" if self.scale == "paper" else demo)

    def table1_runs(self):
        """Runs of Table 1."""
        return catalog.table1_runs(self.label, self.request.seeds, self.readings)

    def table3_runs(self):
        """Runs of Table 3."""
        return catalog.table3_runs(self.label, self.start, self.request.seeds, self.readings)

    def single_task_runs(self):
        """Runs of a single self-supervised task, the baselines of gains where they are finished."""
        return catalog.single_task_runs(self.label, self.request.seeds, self.readings)

    @functools.cached_property
    def out(self):
        """Folder for results."""
        if self.request.out is None:
            return arguments.make_folder(self.store.root / "tables", "--out")
        return arguments.make_folder(self.request.out, "--out", *self.sources.values())

    @functools.cached_property
    def data_library(self):
        """The data, decoded on demand; imports TensorFlow."""
        import_tensorflow()
        return arguments.make_library(self.request, self.source)

    @property
    def libraries(self):
        """All data by label; imports TensorFlow."""
        import_tensorflow()
        return {
            label: self.data_library if label == self.label else arguments.make_library(self.request, source)
            for label, source in self.sources.items()
        }

    @functools.cached_property
    def fingerprint(self):
        """`experiments.datasets.source.fingerprint_now` of the session's data."""
        return fingerprint_now(self.sources)

    def collect(self, runs, **options):
        """`reproduce.tables.collect.collect` from the session's store."""
        return collect(runs, self.store, self.readings, fingerprint=self.fingerprint, **options)

    def notes_on(self, runs):
        """`notes`, and notes on ``runs`` that are stale or of different machines."""
        of_runs = [*stale_notes(runs, self.store, self.fingerprint), *machine_notes(runs, self.store)]
        return [*self.notes, *of_runs]

    def refuse_readings_of_the_evaluation(self):
        """Raise `InputError` for readings of the evaluation, of which predictions are independent."""
        if chosen := ", ".join(name for name in AT_EVALUATION if name in self.readings.changed()):
            problem = f"{self.request.verb} shows predictions as they are by default; leave that reading out"
            raise InputError(f"--set {chosen}: {problem}.")

    def execute(self, runs):
        """Execute the missing ones of some runs and of their dependencies; with ``--plan`` print the plan.

        Returns:
            Whether there may be results: False after a plan.
        """
        ordered = catalog.with_dependencies(runs)
        if self.request.plan:
            print_plan(ordered, self.store, self.sources, self.notes, self.request)
            return False
        _ = self.out  # an impossible folder is refused before hours of training
        for line in self.notes:
            print(line)
        if any(self.store.metrics(run) is None for run in ordered):
            run_all(self.request, ordered, self.store, self.libraries)
        return True

    def show_document(self, document, name):
        """Write a `reproduce.formats.Document` in every format, print it, and return the paths."""
        paths = formats.write(document, self.out, name)
        terminal = sys.stdout.isatty()
        width = min(formats.WIDTH, shutil.get_terminal_size().columns) if terminal else formats.WIDTH
        print(formats.to_text(document, terminal and not os.environ.get("NO_COLOR"), width))
        return paths

    def show(self, table, stem, *others, shown):
        """Print a table and write it in every format, with its report (`reproduce.report`).

        Args:
            table: `reproduce.tables.comparison.Table`.
            stem: start of the file names, before the data's label.
            others: other files of the verb, written before; None is skipped.
            shown: (name of the row, run) of its rows, and of baselines that are no row of it.

        Returns:
            `Written`.
        """
        from selfsup_segmentation.reproduce.report import images, pages  # brings matplotlib

        html, sampled = functools.partial(pages.table_html, table), images.best_and_baseline(table, shown)
        return self.show_page(comparison_document(table), stem, html, shown, others, sampled)

    def show_page(self, document, stem, html, shown, others=(), sampled=()):
        """Print a `reproduce.formats.Document` and write it in every format, with its report.

        Args:
            document, stem, others, shown: as for `show`.
            html, sampled: as for `reproduce.report.pages.write_page`.

        Returns:
            `Written`.
        """
        from selfsup_segmentation.reproduce.report.pages import write_page  # brings matplotlib

        name = f"{stem}-{self.label}"
        files = [*self.show_document(document, name), *filter(None, others)]
        page = (f"report-{name}", shown, files, html, sampled)
        paths = self.wrote(*files, write_page(self, *page))
        # The copy of the session keeps no data in memory.
        return Written(paths, functools.partial(write_page, dataclasses.replace(self), *page))

    def wrote(self, *paths):
        """Print which files were written, and return their paths."""
        print("\n".join(f"wrote {path}" for path in paths))
        return paths


def open_session(request, layout="cityscapes"):
    """A `Session` on a data set, or without one on embedded scenes in its layout."""
    return _session(request, arguments.open_source(request, layout))


def open_kitti(request, train=True):
    """The same on KITTI, whose runs fine-tune others; with ``train`` missing ones of both are executed."""
    source, data, root = arguments.open_source(request, "kitti"), None, None
    label = "scenes-demo" if source.is_scenes else "cityscapes"
    if request.cityscapes is not None:
        data = arguments.open_source(request, "cityscapes")
    if request.cityscapes_runs is not None:
        folder = arguments.named_path(request.cityscapes_runs, "--cityscapes-runs")
        if not folder.is_dir():
            raise InputError(f"--cityscapes-runs {folder}: no such folder; name one such as runs/cityscapes.")
        # Its name is the label of its runs, also that of a link.
        folder = folder.resolve() if ".." in folder.parts else folder.absolute()
        label, root = folder.name, folder.parent
    elif data:
        label = catalog.dataset_label(data.name, arguments.choose_scale(request, source))
    elif source.is_scenes and train:
        data = arguments.demo_scenes(arguments.named_path(request.runs, "--runs"), "cityscapes")
    return _session(request, source, label, root, data)


def _session(request, source, start="", start_root=None, start_source=None):
    check_executor(request)
    scale = arguments.choose_scale(request, source)
    readings = arguments.parse_readings(request)
    if "pad" in source.layout.fits and scale == "demo" and not source.is_scenes:
        readings = dataclasses.replace(readings, kitti_fit="resize")  # larger images than the network's
    notes = arguments.banner(source, scale, readings)
    if start not in ("", "cityscapes"):
        notes.append(f"Fine-tuned from runs on {start}, not from Cityscapes at the paper's scale.")
    label = catalog.dataset_label(source.name, scale)
    sources = {label: source} | ({start: start_source} if start_source else {})
    if request.executor is None or request.plan:  # nothing need be written there
        runs = arguments.named_path(request.runs, "--runs")
        arguments.refuse_in_data(runs, "--runs", *(source.root for source in sources.values()))
    else:
        runs = arguments.make_folder(request.runs, "--runs", *sources.values())
    store = Store(runs, also=[start_root] if start_root else [])
    return Session(request, label, scale, sources, store, readings, notes, start)
