"""The cost of inference, as measured, as terminal text, Markdown or JSON."""

import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from selfsup_segmentation.reproduce.formats.render import escape, markdown_line, write_texts
from selfsup_segmentation.reproduce.formats.terminal import BOLD, YELLOW, paint

TITLE = "Inference: the segmentation network of a multi-task model beside the plain U-Net"
CLAIM = (
    "Section 3: “self-supervised tasks do not have any influence on the run-time of the semantic "
    "segmentation”; section 5: “at no additional annotation and inference-related computational cost”."
)

NAMES = {
    "exported": "exported from SS + C + D",
    "plain_same_layers": "U-Net with our layers",
    "plain": "U-Net with Keras' layers",
    "whole": "whole model, SS + C + D",
}

TELLING_ROUNDS = 6
"""With fewer, all rounds fall on one side by chance too often; with six in 2 of 64 cases."""

FOOTNOTES = (
    "U-Net: segmentation-models' own Unet(\"resnet18\", classes=19), with Keras' BatchNormalization and "
    "UpSampling2D as the package builds it, and with those that the multi-task model uses, which are faster. "
    "Only beside the latter do the other tasks alone make the difference.",
    "GFLOP: 10⁹ floating-point operations of one forward pass, counted by TensorFlow's profiler on the graph "
    "that was timed; a multiply-add is 2. The profiler has no count for ReLU and for the fused "
    "BatchNormalization, but counts the ops of Keras': compare the convolutions.",
    "Time: compiled forward passes in turns after a warm-up, their order changed from round to round. A "
    "ratio is of two times of the same round.",
    "Logits: same random weights and input. The difference is relative to the range of the second's logits; "
    "same class: share of pixels with the same largest logit.",
)


def render(result: Mapping, notes: Sequence[str] = (), color: bool = False, width: int = 100) -> str:
    """The measurement for a terminal; notes come first.

    Args:
        result: from `experiments.finished.inference.measure_inference`.
        notes: kept whole, so that they can be searched for.
        color: add ANSI colors.
        width: columns of the terminal, for the text around the tables.
    """
    out = [*(paint(note, YELLOW, color) for note in notes), *[""] * bool(notes), paint(TITLE, BOLD, color)]
    out += [*textwrap.wrap(CLAIM, width), "", *textwrap.wrap(_circumstances(result), width)]
    for table in _tables(result):
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        out.append("")
        for row in table:
            cells = (cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True))
            out.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    out.append("")
    for sentence in conclusions(result):
        out += [paint(line, BOLD, color) for line in textwrap.wrap(sentence, width)]
    out.append("")
    for text in FOOTNOTES:
        out += textwrap.wrap(text, width, initial_indent="·  ", subsequent_indent="   ")
    return "\n".join(out) + "\n"


def to_markdown(result: Mapping, notes: Sequence[str] = ()) -> str:
    """GitHub tables of costs, ratios and agreement, and the conclusion."""
    out = [*(f"> **{escape(note)}**\n>" for note in notes), "", f"### {TITLE}", ""]
    out += [escape(CLAIM), "", escape(_circumstances(result))]
    for heading, *rows in _tables(result):
        out += ["", markdown_line(heading), markdown_line(["---", *["---:"] * (len(heading) - 1)])]
        out += [markdown_line([escape(cell) for cell in row]) for row in rows]
    for sentence in conclusions(result):
        out += ["", f"**{escape(sentence)}**"]
    out += ["", *(f"- {escape(text)}" for text in FOOTNOTES)]
    return "\n".join(out).strip("\n") + "\n"


def to_json(result: Mapping, notes: Sequence[str] = ()) -> str:
    """Notes and conclusions, and the measurement as it is."""
    data = {"notes": list(notes), "title": TITLE, "conclusions": conclusions(result), **result}
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write(
    result: Mapping, notes: Sequence[str], folder: str | os.PathLike, stem: str = "inference"
) -> list[Path]:
    """Write ``stem.txt``, ``.md`` and ``.json`` into a folder; a reader never sees half a file."""
    formats = {"txt": render, "md": to_markdown, "json": to_json}
    return write_texts(folder, stem, {suffix: show(result, notes) for suffix, show in formats.items()})


def conclusions(result: Mapping) -> list[str]:
    """A sentence for each plain U-Net, from the numbers alone."""
    agreement = {(each["of"], each["to"]): each for each in result["agreement"]}
    return [
        f"The exported network has {_costs(result['entries'], ratio)} of the plain {NAMES[ratio['to']]}, and "
        f"{_logits(agreement[ratio['of'], ratio['to']])}; in this run it took {_time(ratio)}."
        for ratio in result["ratios"]
        if ratio["of"] == "exported"
    ]


def _costs(entries: Mapping, ratio: Mapping) -> str:
    of, to = entries[ratio["of"]], entries[ratio["to"]]
    names = {"parameters": "parameters", "flops": "counted FLOPs"}
    if of["flops"] != to["flops"]:
        names["convolution_flops"] = "convolution FLOPs"
    words = [
        f"{'exactly' if of[key] == to[key] else f'{of[key] / to[key]:.4f} times'} the {name}"
        for key, name in names.items()
    ]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _logits(agreement: Mapping) -> str:
    if agreement["equal"]:
        return "its logits to the bit"
    return f"its logits but for {agreement['largest_difference']:.1e} of their range"


def _time(ratio: Mapping) -> str:
    rounds, low, high = len(ratio["by_round"]), ratio["min"], ratio["max"]
    times = (
        f"{ratio['median']:.3f} times as long (median; {low:.3f} to {high:.3f} in {_count(rounds, 'round')})"
    )
    if rounds < TELLING_ROUNDS:
        return f"{times}, too few rounds to tell a difference"
    if low <= 1 <= high:
        return f"{times}, no difference that this run can tell"
    return f"{times}, {'less' if high < 1 else 'more'} in every round"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _circumstances(result: Mapping) -> str:
    machine, versions = result["machine"], result["versions"]
    width, height = result["size"]
    return (
        f"{width}×{height}, batch {result['batch']}, {_count(result['rounds'], 'round')}, "
        f"seed {result['seed']}; "
        f"{machine['gpu'] or 'no GPU'}, {machine['cpu']}, {_count(machine['cores'], 'core')}; "
        f"{', '.join(f'{name} {number}' for name, number in versions.items())}; {result['date']}."
    )


def _tables(result: Mapping) -> list[list[list[str]]]:
    """Three tables of texts, each with a heading: costs, ratios of times, agreement of logits."""
    spread = ("min", "median", "max")
    costs = [["", "parameters", "trainable", "GFLOP", "convolutions", "ms: min", "median", "max"]]
    for name, entry in result["entries"].items():
        counts = (f"{entry[key]:,}" for key in ("parameters", "trainable"))
        flops = (f"{entry[key] / 1e9:.3f}" for key in ("flops", "convolution_flops"))
        times = (f"{1000 * entry['seconds'][key]:.1f}" for key in spread)
        costs.append([NAMES[name], *counts, *flops, *times])
    ratios = [["time ÷ time in the same round", *spread]]
    for ratio in result["ratios"]:
        ratios.append([_pair(ratio, "÷"), *(f"{ratio[key]:.3f}" for key in spread)])
    logits = [["segmentation logits", "equal to the bit", "largest difference", "same class"]]
    for each in result["agreement"]:
        share = "100 %" if each["same_class"] == 1 else f"{100 * each['same_class']:.5f} %"
        logits.append(
            [_pair(each, "and"), "yes" if each["equal"] else "no", f"{each['largest_difference']:.1e}", share]
        )
    return [costs, ratios, logits]


def _pair(each: Mapping, between: str) -> str:
    short = {"exported": "exported", "whole": "whole model"}
    return f"{short.get(each['of'], NAMES[each['of']])} {between} {short.get(each['to'], NAMES[each['to']])}"
