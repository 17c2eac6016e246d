"""What was checked, as a document in every format; its text fits into an issue."""

import platform

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.check.speed import FAMILIES
from selfsup_segmentation.reproduce.formats.numbers import DASH

TITLE = "Check of this machine"
FOOTNOTES = (
    "Numbers: losses of the first steps of SS+C+D/UW at a learning rate of 1e-5 on embedded scenes, seed 0. "
    "float32 is compared with losses that CPUs had; the other ways to compute with float32 here.",
    "TFLOP/s: multiplications and additions of the network as it is defined, a backward pass as two forward "
    "passes. Launches: kernels that a step starts at least; a fast device waits for them in short steps.",
    "Hours: all runs of Table 1 and the pre-training at 1024×512, one after the other on one device; "
    "estimated from TFLOP/s where another size was measured. The pre-training is assumed to be as fast as "
    "SS+C+D.",
)


def check_document(result):
    """The document of a result of `reproduce.cli.check`."""
    tables = [_numbers(result), _speed(result)]
    if result["data"]:
        tables.append(_data(result["data"]))
    width, height = result["size"]
    text = [
        f"{result['device']}; TensorFlow {result['tensorflow']}; Python {platform.python_version()}; "
        f"{platform.platform()}; speed at {width}×{height}, batches of {result['batch']}; {result['date']}.",
        result["recommendation"],
        *result["problems"],
    ]
    return formats.Document(
        TITLE, tuple(tables), text=tuple(text), footnotes=FOOTNOTES, data=result, records=result["speed"]
    )


def _table(heading, columns, rows):
    """A table from (name, texts of its cells, None or the reason why there is none)."""
    lines = []
    for name, texts, reason in rows:
        cells = [formats.Cell((text,)) for text in texts or (DASH,) * len(columns)]
        if reason:
            cells[0] = formats.Cell((DASH,), reason=reason)
        lines.append(formats.Line("", name, cells))
    return formats.Table(tuple(map(formats.Column, columns)), tuple(lines), (heading,))


def _numbers(result):
    rows = []
    for entry in result["numbers"]:
        texts = ()
        if "failed" not in entry:
            at = f"step {entry['step']}, {entry['task']}"
            verdict = "agrees" if entry["agrees"] else "differs"
            texts = (f"{entry['largest']:.1e}", at, f"{entry['tolerance']:.1e}", verdict)
        rows.append((entry["what"], texts, entry.get("failed")))
    return _table("losses", ("largest difference", "at", "allowed", "verdict"), rows)


def _speed(result):
    rows, last = [], list(FAMILIES)[-1]
    for entry in result["speed"]:
        texts = ()
        if "failed" not in entry:
            hours = result["hours"].get(entry["mode"]) if entry["row"] == last else None
            texts = (
                f"{result['batch'] / entry['seconds']:.3g}", f"{entry['tflops']:.3g}",
                f"{entry['peak_bytes'] / 2**30:.2f}", f"{100 * entry['input_wait']:.0f} %",
                f"{entry['launches']:,}", f"{hours:.3g}" if hours else "",
            )  # fmt: skip
        rows.append((f"{entry['row']}, {entry['mode']}", texts, entry.get("failed")))
    columns = ("images/s", "TFLOP/s", "peak GiB", "input wait", "launches", "hours of Table 1")
    return _table("training", columns, rows)


def _data(data):
    gib = 2**30
    rows = [
        (f"decoding, {data['frames']} frames", (f"{data['decoded']:.3g} frames/s",), None),
        ("delivery to the training", (f"{data['delivered']:.3g} frames/s",), None),
        ("decoded images of all runs", (f"{data['cache_bytes'] / gib:.1f} GiB",), None),
        ("free on the disk of the cache", (f"{data['free_bytes'] / gib:.1f} GiB",), None),
    ]
    return _table("data", ("",), rows)
