"""``reproduce verify``: is the data set whole?"""

import json
from itertools import groupby

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.verify import Report, verify
from selfsup_segmentation.experiments.datasets.source import Source
from selfsup_segmentation.reproduce.cli.arguments import (
    make_folder,
    named_path,
    progress_line,
    refuse_in_data,
)
from selfsup_segmentation.reproduce.formats.render import write_texts

NAMED = 20  # files of each kind of problem that are printed; the report has all


def verify_command(args):
    """Check a data set, print what is wrong with it and write a report.

    Args:
        args: ``cityscapes`` or ``kitti`` (folder of the data set; the other is None), ``runs``, ``report``
            (path of the JSON report, or None) and ``fresh``.

    Returns:
        The written report, in a list.

    Raises:
        SystemExit: with code 1 after printing, when there are problems.
        InputError: there is no such data set, or a place for results that cannot be.
    """
    layout = "cityscapes" if args.kitti is None else "kitti"
    if (args.cityscapes is None) == (args.kitti is None):
        raise InputError("give the folder of one data set, with --cityscapes or with --kitti.")
    source = Source(layout, named_path(getattr(args, layout), f"--{layout}"))
    runs = named_path(args.runs, "--runs")
    path = runs / f"verify-{source.name}.json"
    if args.report is not None:
        path = named_path(args.report, "--report")
    if path.suffix != ".json" or path.is_dir():
        raise InputError(f"--report {path}: name a .json file.")
    for option, folder in (("--runs", runs), ("--report", path.parent)):
        refuse_in_data(folder, option, source)
    make_folder(path.parent, "--runs" if args.report is None else "--report")
    memory = make_folder(runs, "--runs") / f"verify-{source.name}.jsonl"
    report = verify(layout, source.root, memory, args.fresh, progress_line(f"verifying {source.name}"))
    for line in report_lines(report):
        print(line.encode(errors="backslashreplace").decode())  # names of files need not be Unicode
    written = write_texts(path.parent, path.stem, {"json": json.dumps(report.to_dict(), indent=1) + "\n"})
    print(f"wrote {path}")
    if not report.is_whole:
        raise SystemExit(1)
    return written


def report_lines(report: Report) -> list[str]:
    """What is printed: files by split and part, problems by kind, remarks."""
    lines = [f"{report.root}: {report.checked} frames checked, {report.remembered} known from before"]
    for split in report.splits:
        of = f" of {split.official}" if split.official else ""
        lines += ["", f"{split.name}: {split.found}{of} frames"]
        for part in dict.fromkeys([*split.files, *split.problems]):
            count = split.problems.get(part, 0)
            wrong = f"  {count} {'problem' if count == 1 else 'problems'}" if count else ""
            lines.append(f"  {part:10s} {split.files.get(part, 0):6d} files{wrong}")
    for kind, group in groupby(report.problems, key=lambda problem: problem.kind):
        problems = list(group)
        lines += ["", f"{kind} ({len(problems)}):"]
        lines += [f"  {problem.text}" for problem in problems[:NAMED]]
        if len(problems) > NAMED:
            lines.append(f"  … and {len(problems) - NAMED} more, named in the report")
    if report.remarks:
        lines += ["", "remarks:", *(f"  {remark}" for remark in report.remarks)]
    found = f"{len(report.problems)} problems" if len(report.problems) != 1 else "1 problem"
    return [*lines, "", "whole: no problem found" if report.is_whole else f"not whole: {found}"]
