"""Tables and conclusions of the cost of inference, from a synthetic measurement."""

import json
import statistics

import pytest

from selfsup_segmentation.reproduce import formats
from selfsup_segmentation.reproduce.tables.inference_cost import conclusions, inference_document

NOTE = "A note <that> comes first."


def spread(values):
    ends = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {"by_round": list(values)} | ends


def entry(name, flops, seconds):
    whole = name == "whole"
    return {
        "parameters": 20_655_617 if whole else 14_343_180,
        "trainable": 20_641_723 if whole else 14_333_254,
        "flops": flops[name] * 10**6,
        "convolution_flops": (229_747 if whole else 89_355) * 10**6,
        "flops_by_op": {},
        "seconds": seconds,
    }


def measured(fused=(0.98, 0.99, 1.0, 1.01, 1.02, 0.97), composed=(0.9, 0.91, 0.92, 0.93, 0.94, 0.95)):
    """A measurement whose ratios of times are those given."""
    ratios = {"plain_same_layers": fused, "plain": composed}
    seconds = {"exported": [0.25] * len(fused)}
    seconds |= {name: [0.25 / ratio for ratio in values] for name, values in ratios.items()}
    seconds["whole"] = [0.625] * len(fused)
    flops = {"exported": 89_392, "plain_same_layers": 89_392, "plain": 89_513, "whole": 229_830}
    agreement = {
        "whole": {"equal": True, "largest_difference": 0.0, "same_class": 1.0},
        "plain_same_layers": {"equal": True, "largest_difference": 0.0, "same_class": 1.0},
        "plain": {"equal": False, "largest_difference": 6.5e-7, "same_class": 524_287 / 524_288},
    }
    return {
        "date": "2024-05-06T07:08:09+00:00",
        "machine": {"gpu": None, "cpu": "A processor", "cores": 1},
        "versions": {"python": "3.11.7", "tensorflow": "2.21.0"},
        "size": [1024, 512],
        "batch": 1,
        "rounds": len(fused),
        "seed": 0,
        "entries": {name: entry(name, flops, spread(seconds[name])) for name in seconds},
        "ratios": [
            *({"of": "exported", "to": name} | spread(values) for name, values in ratios.items()),
            {"of": "whole", "to": "exported"} | spread([2.5] * len(fused)),
        ],
        "agreement": [{"of": "exported", "to": name} | pair for name, pair in agreement.items()],
    }


@pytest.mark.parametrize("to_format", [formats.to_text, formats.to_markdown])
def test_what_was_measured_is_shown(to_format):
    text = " ".join(to_format(inference_document(measured())).split())
    for part in (
        *("1024×512", "6 rounds", "no GPU", "A processor, 1 core;", "tensorflow 2.21.0", "2024-05-06"),
        *("14,343,180", "20,655,617", "14,333,254", "89.392", "89.513", "229.830", "89.355", "229.747"),
        *("250.0", "625.0", "2.500", "0.970", "0.995", "1.020", "0.900", "0.925", "0.950"),
        *("6.5e-07", "99.99981 %", "multiply-add is 2", "yes", "no"),
        *conclusions(measured()),
    ):
        assert part in text


def test_the_gpu_is_named_and_one_pixel_less_is_not_all():
    result = measured()
    result["machine"]["gpu"] = "A card"
    text = " ".join(formats.to_text(inference_document(result)).split())
    assert "A card, A processor" in text and "no GPU" not in text
    assert text.count("100 %") == 2


def test_conclusions_come_from_the_numbers():
    fused, composed = conclusions(measured())
    assert fused == (
        "The exported network has exactly the parameters and exactly the counted FLOPs of the plain U-Net "
        "with our layers, and its logits to the bit; in this run it took 0.995 times as long (median; "
        "0.970 to 1.020 in 6 rounds), no difference that this run can tell."
    )
    assert composed == (
        "The exported network has exactly the parameters, 0.9986 times the counted FLOPs and exactly the "
        "convolution FLOPs of the plain U-Net with Keras' layers, and its logits but for 6.5e-07 of their "
        "range; in this run it took 0.925 times as long (median; 0.900 to 0.950 in 6 rounds), less in every "
        "round."
    )


def test_a_higher_cost_is_reported():
    result = measured(fused=[1.1, 1.2, 1.3, 1.4, 1.5, 1.6])
    result["entries"]["exported"]["parameters"] *= 2
    sentence, _ = conclusions(result)
    assert "has 2.0000 times the parameters" in sentence
    assert sentence.endswith("1.350 times as long (median; 1.100 to 1.600 in 6 rounds), more in every round.")


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ([0.8] * 5, "too few rounds to tell a difference"),
        ([1.2], "in 1 round), too few rounds to tell a difference"),
        ([0.8] * 6, "less in every round"),
        ([1.2] * 6, "more in every round"),
        ([0.8] * 9 + [1.0], "no difference that this run can tell"),
        ([1.0] + [1.2] * 9, "no difference that this run can tell"),
        ([0.8] * 9 + [1.2], "no difference that this run can tell"),
    ],
    ids=str,
)
def test_a_difference_needs_rounds_and_all_of_them(ratios, verdict):
    sentence, _ = conclusions(measured(fused=ratios, composed=ratios))
    assert sentence.endswith(f"{verdict}.")


def test_json_holds_the_measurement_after_its_notes():
    data = json.loads(formats.to_json(inference_document(measured(), [NOTE])))
    assert data.items() >= measured().items()
    assert data["conclusions"] == conclusions(measured())
    assert next(iter(data.items())) == ("notes", [NOTE])
