import math

import numpy as np
import pytest

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.experiments.records.store import Store
from selfsup_segmentation.reproduce.figures import selection
from tests.experiments.conftest import tiny_run
from tests.synthetic import evaluation, write_finished


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (0, ([], [])),
        (1, (["a"], [])),
        (2, (["a"], ["b"])),
        (3, (["a", "b"], ["c"])),
        (4, (["a", "b"], ["d", "c"])),
        (5, (["a", "b"], ["e", "d"])),
    ],
)
def test_both_ends_are_the_extremes_in_order_and_few_images_are_shown_once(images, expected):
    assert selection.both_ends({name: -float(i) for i, name in enumerate("abcde"[:images])}) == expected


def test_ties_are_broken_by_name():
    assert selection.both_ends(dict.fromkeys("fedcba", 0.5)) == (["a", "b"], ["c", "d"])
    assert selection.both_ends({"d": 1.0, "b": 1.0, "c": 1.0, "a": 0.0}, 1) == (["b"], ["a"])


def test_images_without_a_score_are_not_chosen():
    assert selection.both_ends({"a": math.nan, "b": 0.2, "c": math.nan, "d": 0.1}) == (["b"], ["d"])
    assert selection.both_ends({"a": math.nan}) == ([], [])
    gains = selection.differences({"a": 0.5, "b": math.nan, "c": 0.5}, {"a": 0.4, "b": 0.4, "c": math.nan})
    assert gains["a"] == pytest.approx(0.1)
    assert math.isnan(gains["b"]) and math.isnan(gains["c"])


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ({"a": 0.3, "b": 0.0657, "c": 0.01, "d": -0.2, "e": -0.05, "f": math.nan},
         ["gain +0.300 (largest)", "gain +0.066 (2nd largest)",
          "loss −0.200 (largest)", "loss −0.050 (2nd largest)"]),
        ({"a": 0.3, "b": 0.2, "c": 0.1, "d": 0.05, "e": 0.07},
         ["gain +0.300 (largest)", "gain +0.200 (2nd largest)",
          "gain +0.050 (smallest)", "gain +0.070 (2nd smallest)"]),
        ({"a": -0.1, "b": -0.2, "c": -0.3},
         ["loss −0.100 (smallest)", "loss −0.200 (2nd smallest)", "loss −0.300 (largest)"]),
        ({"a": 0.0, "b": 0.0}, ["no difference", "no difference"]),
    ],
)  # fmt: skip
def test_descriptions_of_differences(gains, expected):
    top, bottom = selection.both_ends(gains)
    assert [selection.gain_or_loss(name, gains, name in top) for name in top + bottom] == expected


def test_no_negative_difference_is_ever_called_a_gain():
    rng = np.random.default_rng(0)
    for images in range(1, 12):
        gains = {f"image {i}": float(value) for i, value in enumerate(rng.normal(size=images))}
        top, bottom = selection.both_ends(gains)
        for name in top + bottom:
            description = selection.gain_or_loss(name, gains, name in top)
            assert description.startswith("gain +" if gains[name] > 0 else "loss −")


def test_ranks_count_from_the_named_end():
    scores = [0.4, 0.1, math.nan, 0.3, 0.2]
    ranks = [selection.rank(score, scores, "lowest") for score in (0.1, 0.2, 0.3, 0.4)]
    assert ranks == ["lowest", "2nd lowest", "3rd lowest", "4th lowest"]
    assert selection.rank(0.3, scores, "highest") == "2nd highest"


def test_the_tally_hides_no_side():
    assert selection.tally({"a": 0.1, "b": -0.1, "c": 0.2}) == "gain in 2, loss in 1 of 3"
    gains = {"a": -0.1, "b": 0.0, "c": math.nan}
    assert selection.tally(gains) == "gain in 0, loss in 1, no difference in 1, no labels in 1 of 3"


def test_recorded_scores_come_back_with_nan_and_a_run_without_them_is_named_with_the_fix(tmp_path):
    store, run = Store(tmp_path), tiny_run(("seg",))
    with pytest.raises(InputError, match=r"no result \(not run\): run reproduce table1"):
        selection.recorded_by_image(run, store, "seg")
    write_finished(store, run)
    with pytest.raises(InputError, match="delete it and run it again") as refusal:
        selection.recorded_by_image(run, store, "seg")
    assert str(store.folder(run)) in str(refusal.value)
    by_image = {"a": 0.5, "b": math.nan}
    write_finished(store, run, {"per_input": evaluation(("seg",), by_image=by_image)})
    assert selection.recorded_by_image(run, store, "seg") == pytest.approx(by_image, nan_ok=True)
