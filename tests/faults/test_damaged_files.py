"""Damaged files of a run: one sentence with a fix, or made again; never a traceback or a wrong number."""

import re
import shutil
import signal

import pytest

from selfsup_segmentation.experiments.preemption import EXIT_CODE
from tests.faults.child import At
from tests.faults.compare import assert_same, history
from tests.faults.damage import flip_a_bit, truncate
from tests.faults.processes import ROW, command
from tests.refused import refused as sentence_of

pytestmark = pytest.mark.usefixtures("narrow_network")

LOG = ("history of metrics.json", "history.csv")


def test_damaged_files_of_a_run_under_way_are_named_or_made_again(life, reference, happened):
    code, process = life.go(At("tests.faults.child:begin_step", 6, signal=signal.SIGTERM))
    assert code == EXIT_CODE, process.why
    assert len(history(life.folder)) == 2

    for name in ("run.json", "history.csv"):
        truncate(life.folder / name)
        process = refused(life, life.folder / name)
        happened(f"damaged under way: {name}", life, process)
        (life.folder / name).unlink()  # as the sentence says

    cache = sorted((life.runs / "cache").glob("*.left.*.raw"))
    before = [path.read_bytes() for path in cache]
    flip_a_bit(cache[0])
    truncate(cache[1])
    (life.folder / "lock").write_bytes(b"\xff")
    code, process = life.go()
    assert code == 0, process.why
    assert [path.read_bytes() for path in cache] == before
    for name in ("decoded images", "lock"):
        happened(f"damaged under way: {name}", life, process)
    assert_same(life.folder, reference, but=LOG)


def one_digit(path):
    """A number all the same, but another one."""
    text = path.read_text()
    first = re.search(r"0\.\d", text).end() - 1
    path.write_text(text[:first] + str((int(text[first]) + 1) % 10) + text[first + 1 :])


def another_value(path):
    """JSON, but of something else."""
    path.write_text("[]\n")


@pytest.mark.parametrize("damage", [truncate, one_digit])
def test_damaged_colors_of_the_decoded_images_are_made_again(life, happened, damage):
    prepared = At("selfsup_segmentation.experiments.training.network:build_model")
    code, process = life.go(prepared)
    assert code == -signal.SIGKILL, process.why
    (colors,) = (life.runs / "cache").glob("colors.*.json")
    before = colors.read_text()
    damage(colors)
    assert colors.read_text() != before
    happened(f"damaged under way: colors of the decoded images, {damage.__name__}", life, process)
    code, process = life.go(prepared)
    assert code == -signal.SIGKILL, process.why
    assert colors.read_text() == before


@pytest.fixture
def finished(life, undisturbed):
    """A `Life` with a copy of the undisturbed run's folder."""
    shutil.copytree(undisturbed[ROW], life.folder)
    return life


def test_a_finished_run_without_sound_results_is_made_again(finished, reference, happened):
    path = finished.folder / "metrics.json"
    truncate(path)
    process = refused(finished, path)
    happened("damaged when finished: metrics.json, truncate", finished, process)
    path.unlink()
    code, process = finished.go()
    assert code == 0, process.why
    assert_same(finished.folder, reference)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("run.json", truncate),
        ("run.json", another_value),
        ("metrics.json", another_value),
        ("metrics.json", one_digit),
        ("statistics.npz", truncate),
        ("statistics.npz", flip_a_bit),
        ("colors.json", truncate),
        ("checkpoint/final/state.index", truncate),
        ("checkpoint/final/state.data-00000-of-00001", flip_a_bit),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_damaged_files_of_a_finished_run_are_named_by_who_reads_them(
    finished, scenes, happened, capsys, name, damage
):
    path = finished.folder / name
    damage(path)
    described = name in ("run.json", "metrics.json")  # which the run's own command reads
    evaluate = ["evaluate", finished.folder, "--cityscapes", scenes]
    sentence = sentence_of(capsys, *(command(scenes, finished.runs) if described else evaluate))
    assert str(path) in sentence or str(path.parent) in sentence
    happened(f"damaged when finished: {name}, {damage.__name__}")


def refused(life, path):
    """A process of a life that ends with one sentence that names a damaged file."""
    code, process = life.go()
    assert "Traceback" not in process.err, process.why
    assert code == 2, f"not noticed: {process.out}"
    (sentence,) = process.complaints
    assert str(path) in sentence or str(path.parent) in sentence
    return process
