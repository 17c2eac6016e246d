"""``reproduce verify``: whether a data set is complete and undamaged."""

import json
from itertools import groupby

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import LAYOUTS
from selfsup_segmentation.data.verify import verify
from selfsup_segmentation.reproduce.cli import arguments, options
from selfsup_segmentation.reproduce.formats import write_texts

NAMED = 20  # printed files of each kind of problem; the report has all


def add_options(parser):
    """Options of the verb."""
    data = parser.add_mutually_exclusive_group(required=True)
    for layout in LAYOUTS.values():
        data.add_argument(f"--{layout.name}", metavar="DIR", help=f"folder with {layout.contents}")
    options.runs(parser, "where the report goes (runs)")
    parser.add_argument("--report", metavar="FILE.json", help="the report (RUNS/verify-NAME.json)")
    parser.add_argument("--fresh", action="store_true", help="check files again that were checked before")


def run(request):
    """Check a data set, print its problems and write a report; exits with code 1 when it is not valid."""
    layout = next(layout for layout in LAYOUTS.values() if getattr(request, layout.name) is not None)
    source = arguments.open_source(request, layout.name)
    runs, name = arguments.named_path(request.runs, "--runs"), f"verify-{source.name}"
    path = runs / f"{name}.json"
    if request.report is not None:
        path = arguments.named_path(request.report, "--report")
    if path.suffix != ".json" or path.is_dir():
        raise InputError(f"--report {path}: name a .json file.")
    arguments.make_folder(runs, "--runs", source)
    if request.report is not None:
        arguments.make_folder(path.parent, "--report", source)
    progress = arguments.progress_line(f"verifying {source.name}")
    report = verify(layout, source.root, runs / f"{name}.jsonl", request.fresh, progress)
    write_texts(path.parent, path.stem, {"json": json.dumps(report.to_dict(), indent=1) + "\n"})
    print("\n".join(_report_lines(report)))
    print(f"wrote {path}")
    if not report.is_valid:
        raise SystemExit(1)


def _report_lines(report):
    """Files by split and part, problems by kind, remarks."""
    lines = [f"{report.root}: {report.checked} frames checked, {report.remembered} known from before"]
    for split in report.splits:
        of = f" of {split.official}" if split.official else ""
        lines += ["", f"{split.name}: {split.found}{of} frames"]
        for part in dict.fromkeys([*split.files, *split.problems]):
            count = split.problems.get(part, 0)
            wrong = f"  {_problems(count)}" if count else ""
            lines.append(f"  {part:10s} {split.files.get(part, 0):6d} files{wrong}")
    for kind, group in groupby(report.problems, key=lambda problem: problem.kind):
        problems = list(group)
        lines += ["", f"{kind} ({len(problems)}):"]
        lines += [f"  {problem.text}" for problem in problems[:NAMED]]
        if len(problems) > NAMED:
            lines.append(f"  … and {len(problems) - NAMED} more, named in the report")
    if report.remarks:
        lines += ["", "remarks:", *(f"  {remark}" for remark in report.remarks)]
    count = len(report.problems)
    return [*lines, "", "valid: no problem found" if report.is_valid else f"not valid: {_problems(count)}"]


def _problems(count):
    return f"{count} problem{'s' * (count != 1)}"
