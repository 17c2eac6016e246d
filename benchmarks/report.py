"""Markdown report of the comparisons, which is also printed."""

import inspect

QUICK = "QUICK: tiny amounts, to test that it works; the numbers are meaningless."
MACHINE = ("cpu_model_name", "cpu_count", "platform")  # names of pyperf's metadata


def head(settings, metadata):
    """Title, settings, and the machine and versions from pyperf's metadata."""
    (width, height), lines = settings["size"], [f"**{QUICK}**", ""] if settings["quick"] else []
    keys = [key for key in metadata if key in MACHINE or key.endswith("_version")]
    machine = ", ".join(f"{key.removesuffix('_version')} {metadata[key]}" for key in keys)
    rounds = f"batch {settings['batch']}, {settings['repeat']} interleaved rounds"
    return "\n".join(["# Benchmarks", "", *lines, f"{width}×{height}, {rounds}; {machine}", ""])


def section(name, compare, entry, benchmarks):
    """Section of a comparison, from its docstring, entry in ``bench.json`` and `pyperf.Benchmark`s."""
    lines = [f"## {name}: {inspect.getdoc(compare)}", ""]
    if "failed" in entry:
        return "\n".join([*lines, f"**Failed:** {entry['failed']}", ""])
    lines += ["| | min | median | max | target | |", "|---|---:|---:|---:|---|---|"]
    for number in entry["numbers"]:
        values = [_text(number[key], number["unit"]) for key in ("min", "median", "max")]
        signs = {"at_most": "≤", "at_least": "≥"}
        bars = [
            f"{signs[key]} {_text(number[key], number['unit'])}" for key in signs if number[key] is not None
        ]
        lines.append(f"| {' | '.join([number['text'], *values, *(bars or ['']), number['verdict']])} |")
    for key, benchmark in benchmarks.items():
        seconds = benchmark.get_values()
        values = benchmark.format_values((min(seconds), benchmark.median(), max(seconds)))
        lines.append(f"| {' | '.join([key, *values])} | | |")
    facts = {
        candidate: ", ".join(f"{key} {_text(value)}" for key, value in facts.items())
        for candidate, facts in entry["facts"].items()
        if facts
    }
    return "\n".join(
        [*lines, "", *(f"- {key}: {text}" for key, text in (facts | entry["skipped"]).items()), ""]
    )


def _text(value, unit=""):
    """Four significant digits of a float."""
    return f"{f'{value:.4g}' if isinstance(value, float) and abs(value) < 1e4 else value} {unit}".rstrip()
