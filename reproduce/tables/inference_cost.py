"""The measured cost of inference of the segmentation network, as a document."""

from collections.abc import Mapping, Sequence

from selfsup_segmentation.reproduce import formats

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

SPREAD = ("min", "median", "max")

TELLING_ROUNDS = 6
"""With fewer, all rounds fall on one side by chance too often; with six in 2 of 64 cases."""

FOOTNOTES = (
    "U-Net: segmentation-models' own Unet(\"resnet18\", classes=19), with Keras' BatchNormalization and "
    "UpSampling2D as the package builds it, and with those that the multi-task model uses, which are faster. "
    "Only beside the latter do the other tasks alone make the difference.",
    "GFLOP: 10⁹ floating-point operations of one forward pass, counted by TensorFlow's profiler on the graph "
    "that was timed; a multiply-add is 2. The profiler has no count for ReLU and for the fused "
    "BatchNormalization, but counts the ops of Keras': compare the convolutions (conv.).",
    "Time: compiled forward passes in turns after a warm-up, their order changed from round to round. A "
    "ratio is of two times of the same round.",
    "Logits: same random weights and input. The difference is relative to the range of the second's logits; "
    "same class: share of pixels with the same largest logit.",
)


def inference_document(result: Mapping, notes: Sequence[str] = ()) -> formats.Document:
    """Costs, ratios of times and agreement of logits, and what follows from them.

    Args:
        result: Measurement of `experiments.finished.inference.measure_inference`.
        notes: Lines that come first.
    """
    sentences = conclusions(result)
    records = [
        {"network": name}
        | {key: entry[key] for key in ("parameters", "trainable", "flops", "convolution_flops")}
        | {f"{key}_seconds": entry["seconds"][key] for key in SPREAD}
        for name, entry in result["entries"].items()
    ]
    return formats.Document(
        TITLE,
        (_costs(result), _ratios(result), _agreement(result)),
        tuple(notes),
        text=(CLAIM, _environment(result), *sentences),
        footnotes=FOOTNOTES,
        data={"conclusions": sentences, **result},
        records=records,
    )


def conclusions(result: Mapping) -> list[str]:
    """A sentence for each plain U-Net, from the numbers alone."""
    agreement = {(pair["of"], pair["to"]): pair for pair in result["agreement"]}
    return [
        f"The exported network has {_counts(result['entries'], ratio)} of the plain {NAMES[ratio['to']]}, "
        f"and {_logits(agreement[ratio['of'], ratio['to']])}; in this run it took {_time(ratio)}."
        for ratio in result["ratios"]
        if ratio["of"] == "exported"
    ]


def _counts(entries: Mapping, ratio: Mapping) -> str:
    of, to = entries[ratio["of"]], entries[ratio["to"]]
    names = {"parameters": "parameters", "flops": "counted FLOPs"}
    if of["flops"] != to["flops"]:
        names["convolution_flops"] = "convolution FLOPs"
    *others, last = (
        f"{'exactly' if of[key] == to[key] else f'{of[key] / to[key]:.4f} times'} the {name}"
        for key, name in names.items()
    )
    return f"{', '.join(others)} and {last}"


def _logits(agreement: Mapping) -> str:
    if agreement["equal"]:
        return "its logits to the bit"
    return f"its logits but for {agreement['largest_difference']:.1e} of their range"


def _time(ratio: Mapping) -> str:
    rounds, low, high = len(ratio["by_round"]), ratio["min"], ratio["max"]
    spread = f"median; {low:.3f} to {high:.3f} in {_count(rounds, 'round')}"
    verdict = f"{'less' if high < 1 else 'more'} in every round"
    if rounds < TELLING_ROUNDS:
        verdict = "too few rounds to tell a difference"
    elif low <= 1 <= high:
        verdict = "no difference that this run can tell"
    return f"{ratio['median']:.3f} times as long ({spread}), {verdict}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _environment(result: Mapping) -> str:
    machine, (width, height) = result["machine"], result["size"]
    rounds, cores = _count(result["rounds"], "round"), _count(machine["cores"], "core")
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return (
        f"{width}×{height}, batch {result['batch']}, {rounds}, seed {result['seed']}; "
        f"{machine['gpu'] or 'no GPU'}, {machine['cpu']}, {cores}; {versions}; {result['date']}."
    )


def _costs(result: Mapping) -> formats.Table:
    rows = []
    for name, entry in result["entries"].items():
        counts = (f"{entry[key]:,}" for key in ("parameters", "trainable"))
        flops = (f"{entry[key] / 1e9:.3f}" for key in ("flops", "convolution_flops"))
        times = (f"{1000 * entry['seconds'][key]:.1f}" for key in SPREAD)
        rows.append((NAMES[name], *counts, *flops, *times))
    return _table(("", "parameters", "trainable", "GFLOP", "conv.", "ms: min", "median", "max"), rows)


def _ratios(result: Mapping) -> formats.Table:
    rows = [(_pair(ratio, "÷"), *(f"{ratio[key]:.3f}" for key in SPREAD)) for ratio in result["ratios"]]
    return _table(("time ÷ time in the same round", *SPREAD), rows)


def _agreement(result: Mapping) -> formats.Table:
    rows = []
    for pair in result["agreement"]:
        share = "100 %" if pair["same_class"] == 1 else f"{100 * pair['same_class']:.5f} %"
        equal = "yes" if pair["equal"] else "no"
        rows.append((_pair(pair, "and"), equal, f"{pair['largest_difference']:.1e}", share))
    return _table(("segmentation logits", "equal to the bit", "largest difference", "same class"), rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> formats.Table:
    lines = (formats.Line("", label, [formats.Cell((text,)) for text in texts]) for label, *texts in rows)
    return formats.Table(tuple(map(formats.Column, headings[1:])), tuple(lines), headings[:1])


def _pair(pair: Mapping, between: str) -> str:
    short = {"exported": "exported", "whole": "whole model"}
    return f" {between} ".join(short.get(pair[side], NAMES[pair[side]]) for side in ("of", "to"))
