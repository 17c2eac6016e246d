"""Files of a run that a disk damaged: one sentence and a mend, or made again; never a traceback or a lie."""

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


def test_damaged_files_of_a_run_under_way_are_named_or_made_again(life, reference, record):
    description, log, images, lock = (
        record(f"damaged under way: {what}") for what in ("run.json", "history.csv", "decoded images", "lock")
    )
    code, process = life.go(At("tests.faults.child:begin_step", 6, signal=signal.SIGTERM))
    assert code == EXIT_CODE, process.why
    assert len(history(life.folder)) == 2

    truncate(life.folder / "run.json")
    process = refused(life, life.folder / "run.json")
    description.happened(life, process)
    (life.folder / "run.json").unlink()  # as the sentence says

    truncate(life.folder / "history.csv")
    process = refused(life, life.folder / "history.csv")
    log.happened(life, process)
    (life.folder / "history.csv").unlink()

    cache = sorted((life.runs / "cache").glob("*.left.*.raw"))
    before = [path.read_bytes() for path in cache]
    flip_a_bit(cache[0])
    truncate(cache[1])
    (life.folder / "lock").write_bytes(b"\xff")
    code, process = life.go()
    assert code == 0, process.why
    assert [path.read_bytes() for path in cache] == before
    for entry in (images, lock):
        entry.happened(life, process)
    assert_same(life.folder, reference, but=LOG)


def half_a_file(path):
    truncate(path)


def one_bit(path):
    flip_a_bit(path)


def one_digit(path):
    """A number all the same, but another one."""
    text = path.read_text()
    first = re.search(r"0\.\d", text).end() - 1
    path.write_text(text[:first] + str((int(text[first]) + 1) % 10) + text[first + 1 :])


def another_value(path):
    """JSON, but of something else."""
    path.write_text("[]\n")


@pytest.mark.parametrize("damage", [half_a_file, one_digit])
def test_damaged_colors_of_the_decoded_images_are_made_again(life, record, damage):
    entry = record(f"damaged under way: colors of the decoded images, {damage.__name__}")
    prepared = At("selfsup_segmentation.experiments.execute:build_model")
    code, process = life.go(prepared)
    assert code == -signal.SIGKILL, process.why
    (colors,) = (life.runs / "cache").glob("colors.*.json")
    before = colors.read_text()
    damage(colors)
    assert colors.read_text() != before
    entry.happened(life, process)
    code, process = life.go(prepared)
    assert code == -signal.SIGKILL, process.why
    assert colors.read_text() == before


@pytest.fixture
def finished(life, undisturbed):
    """A `Life` with a copy of the undisturbed run's folder."""
    shutil.copytree(undisturbed[ROW], life.folder)
    return life


def test_a_finished_run_without_sound_results_is_made_again(finished, reference, record):
    entry, name = record("damaged when finished: metrics.json, half of it"), finished.folder / "metrics.json"
    half_a_file(name)
    process = refused(finished, name)
    entry.happened(finished, process)
    name.unlink()
    code, process = finished.go()
    assert code == 0, process.why
    assert_same(finished.folder, reference)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("run.json", half_a_file),
        ("run.json", another_value),
        ("metrics.json", another_value),
        ("metrics.json", one_digit),
        ("statistics.npz", half_a_file),
        ("statistics.npz", one_bit),
        ("colors.json", half_a_file),
        ("checkpoint/final/state.index", half_a_file),
        ("checkpoint/final/state.data-00000-of-00001", one_bit),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_damaged_files_of_a_finished_run_are_named_by_who_reads_them(
    finished, scenes, record, capsys, name, damage
):
    entry, path = record(f"damaged when finished: {name}, {damage.__name__}"), finished.folder / name
    damage(path)
    described = name in ("run.json", "metrics.json")  # which the run's own command reads
    evaluate = ["evaluate", finished.folder, "--cityscapes", scenes]
    sentence = sentence_of(capsys, *(command(scenes, finished.runs) if described else evaluate))
    assert str(path) in sentence or str(path.parent) in sentence
    entry.happened(finished)


def refused(life, path):
    """A process of a life that ends because a file is damaged."""
    process = life.start()
    process.wait()
    assert_names(process, path)
    return process


def assert_names(process, path):
    """It ended with one sentence that names the file."""
    assert "Traceback" not in process.err, process.why
    assert process.wait() == 2, f"not noticed: {process.out}"
    assert len(process.complaints) == 1
    assert str(path) in process.complaints[0] or str(path.parent) in process.complaints[0]
