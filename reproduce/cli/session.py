"""What the options of a verb name, opened once: data, runs folder, readings, and where results go."""

import argparse
import dataclasses
import functools
import json
import sys

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments import catalog
from selfsup_segmentation.experiments.datasets.source import Source, fingerprint_now
from selfsup_segmentation.experiments.readings import AT_EVALUATION, Readings
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.claims import claims_report
from selfsup_segmentation.reproduce.cli import arguments
from selfsup_segmentation.reproduce.cli.execution import check_executor, run_all
from selfsup_segmentation.reproduce.cli.plan import make_plan, plan_json, plan_lines
from selfsup_segmentation.reproduce.cli.tensorflow_import import import_tensorflow
from selfsup_segmentation.reproduce.formats import render
from selfsup_segmentation.reproduce.report.make import make_claims_report, make_report
from selfsup_segmentation.reproduce.tables.collect import collect, stale_notes


@dataclasses.dataclass(frozen=True)
class Session:
    """One verb at work.

    Attributes:
        args: its options.
        label: first part of the names of its runs, see `experiments.catalog.dataset_label`.
        scale: ``paper`` or ``demo``.
        sources: data by label: its own, and that of the runs which its runs go on from.
        store: of the runs.
        readings: of the paper.
        notes: lines that come before all numbers.
        start: label of the runs that its runs go on from, on KITTI; else empty.
    """

    args: argparse.Namespace
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

    @property
    def init(self):
        """The one ``--init`` of a verb: ImageNet; at demo scale one that needs no file."""
        return self.args.init or ("ImageNet" if self.scale == "paper" else self.args.demo_init)

    @functools.cached_property
    def out(self):
        """Folder of what the verb writes."""
        if self.args.out is None:
            return arguments.make_folder(self.store.root / "tables", "--out")
        return arguments.make_folder(self.args.out, "--out", *self.sources.values())

    @functools.cached_property
    def data_library(self):
        """The data, decoded on demand. Brings TensorFlow."""
        import_tensorflow()
        return arguments.make_library(self.args, self.source)

    @functools.cached_property
    def fingerprint(self):
        """Function of a run that returns what its data is now, see `experiments.datasets.source`."""
        return fingerprint_now(self.sources)

    def collect(self, runs, **more):
        """`reproduce.tables.collect.collect` from the session's store."""
        return collect(runs, self.store, self.readings, fingerprint=self.fingerprint, **more)

    def notes_on(self, runs):
        """`notes`, and what is to be known before the numbers of some runs."""
        return [*self.notes, *stale_notes(runs, self.store, self.fingerprint)]

    def refuse_readings_of_the_evaluation(self):
        """Raise `InputError` where a verb shows predictions, which those readings do not choose among."""
        chosen = [name for name in AT_EVALUATION if name in self.readings.changed()]
        if chosen:
            raise InputError(
                f"--set {', '.join(chosen)}: {self.args.verb} shows predictions as they are by default; "
                "leave that reading out."
            )

    def carry_out(self, runs):
        """Run what is missing of some runs and of those that they need; with ``--plan`` print that instead.

        Returns:
            Whether there may be results: False after a plan.
        """
        check_executor(self.args)
        ordered = catalog.with_dependencies(runs)
        if self.args.plan:
            self._print_plan(ordered)
            return False
        _ = self.out  # whether there can be such a folder is said before hours of training
        for line in self.notes:
            print(line)
        if any(self.store.metrics(run) is None for run in ordered):
            import_tensorflow()
            others = {label: data for label, data in self.sources.items() if label != self.label}
            libraries = {label: arguments.make_library(self.args, data) for label, data in others.items()}
            libraries[self.label] = self.data_library
            run_all(self.args, ordered, self.store, libraries)
        return True

    def _print_plan(self, runs):
        plan, args = make_plan(runs, self.store, self.sources, self._cannot_run(runs)), self.args
        if args.json:
            print(
                json.dumps(plan_json(plan, self.notes, args.gpus, args.tflops), indent=1, ensure_ascii=False)
            )
        else:
            print("\n".join([*self.notes, *plan_lines(plan, args.gpus, args.tflops)]))

    def _cannot_run(self, runs):
        """Reasons by folder; of runs that are each after the one that it needs."""
        cannot = {}
        for run in (run for run in runs if self.store.metrics(run) is None):
            needed = catalog.dependency(run)
            if run.needs_imagenet and self.args.imagenet_weights == "none":
                cannot[run.folder] = "no ImageNet weights"
            elif needed and needed.folder in cannot:
                cannot[run.folder] = cannot[needed.folder]
        return cannot

    def show(self, table, stem, *more, shown):
        """Print a table and write it in every format, and its report (`reproduce.report`).

        Args:
            table: `reproduce.tables.comparison.Table`.
            stem: of the files, before the data's label.
            more: other files of the verb that are there already; None is passed over.
            shown: (name of the row, run) of its rows, and of baselines that are no row of it.

        Returns:
            Paths of all files.
        """
        print(render.to_text(table, color=sys.stdout.isatty()))
        name = f"{stem}-{self.label}"
        files = [*render.write_table(table, self.out, name), *filter(None, more)]
        page = (table, f"report-{name}", shown, files)
        written = [*files, make_report(self, *page)]
        # For `reproduce all`, which has pictures later; a session opened anew keeps no data in memory.
        again = functools.partial(make_report, dataclasses.replace(self), *page)
        getattr(self.args, "pages", []).append(again)
        return self.wrote(*written)

    def show_claims(self, published, measured, notes, shown):
        """Print the claims and write them in every format, and their report.

        Args:
            published, measured: `reproduce.claims.verdicts.Verdict` on each claim, of the paper and ours.
            notes: lines that come before them.
            shown: (name of the row, run) of the runs that they are about.

        Returns:
            Paths of all files.
        """
        print(claims_report.render(published, measured, notes, color=sys.stdout.isatty()))
        name = f"claims-{self.label}"
        written = claims_report.write(published, measured, notes, self.out, name)
        page = make_claims_report(self, published, measured, notes, f"report-{name}", shown, written)
        return self.wrote(*written, page)

    def wrote(self, *paths):
        """Say which files were written, and return their paths; None is passed over."""
        paths = [path for path in paths if path]
        print("\n".join(f"wrote {path}" for path in paths))
        return paths


def open_cityscapes(args):
    """A verb on Cityscapes or on embedded scenes in its layout."""
    source = arguments.open_source(args, "cityscapes")
    scale = arguments.choose_scale(args, source)
    readings = arguments.parse_readings(args)
    label = catalog.dataset_label(source.name, scale)
    notes = arguments.banner(source, scale, readings)
    return Session(args, label, scale, {label: source}, arguments.make_store(args, source), readings, notes)


def open_kitti(args, train=True):
    """A verb on KITTI or on embedded scenes in its layout, whose runs go on from others.

    Args:
        args: options.
        train: whether missing runs are to be made, also those that others go on from.
    """
    source = arguments.open_source(args, "kitti")
    scale = arguments.choose_scale(args, source)
    readings = arguments.kitti_readings(arguments.parse_readings(args), source, scale)
    label = catalog.dataset_label(source.name, scale)
    start, root, origin = _origin(args, scale, source, train)
    notes = arguments.banner(source, scale, readings)
    if start != "cityscapes":
        notes.append(f"Fine-tuned from runs on {start}, not from Cityscapes at the paper's scale.")
    sources = {label: source} | ({start: origin} if origin else {})
    store = Store(arguments.make_store(args, *sources.values()).root, also=[root])
    return Session(args, label, scale, sources, store, readings, notes, start)


def _origin(args, scale, source, train):
    """Label and runs folder that the KITTI runs go on from, and their data where it is at hand."""
    root = runs = arguments.named_path(args.runs, "--runs")
    origin = None if args.cityscapes is None else arguments.open_source(args, "cityscapes")
    if args.cityscapes_runs is not None:
        folder = arguments.named_path(args.cityscapes_runs, "--cityscapes-runs")
        if not folder.is_dir():
            raise InputError(f"--cityscapes-runs {folder}: no such folder; name one such as runs/cityscapes.")
        # Its name says what the runs are of, also that of a link.
        folder = folder.resolve() if ".." in folder.parts else folder.absolute()
        start, root = folder.name, folder.parent
    elif origin:
        start = catalog.dataset_label(origin.name, scale)
    else:
        start = "scenes-demo" if source.is_scenes else "cityscapes"
    if origin:
        return start, root, origin
    if start == "scenes-demo" and train and args.cityscapes_runs is None:
        return start, root, arguments.demo_scenes(runs, "cityscapes")
    return start, root, None
